import java.io.*;
import java.net.*;
import java.net.http.*;
import java.nio.file.*;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import javax.net.ssl.*;

/**
 * Sends the script on standard input with java.net.http.HttpClient; prints one
 * status a line. Arguments: user, password, CA file. A line is METHOD, URL and
 * body file or "-", separated by tabs; "next" begins anew.
 */
public class JdkClient {
    public static void main(String[] args) throws Exception {
        SSLContext tls = trust(args[2]);
        HttpClient client = fresh(args, tls);
        BufferedReader script = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = script.readLine()) != null; ) {
            if (line.equals("next")) {
                client = fresh(args, tls);
                continue;
            }
            String[] f = line.split("\t");
            HttpRequest.BodyPublisher body = f[2].equals("-")
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofFile(Path.of(f[2]));
            HttpRequest request = HttpRequest.newBuilder(URI.create(f[1]))
                    .method(f[0], body).timeout(Duration.ofMinutes(1)).build();
            System.out.println(client.send(request, HttpResponse.BodyHandlers.ofByteArray()).statusCode());
        }
    }

    static HttpClient fresh(String[] args, SSLContext tls) {
        return HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .sslContext(tls)
                .proxy(HttpClient.Builder.NO_PROXY)
                .authenticator(new Authenticator() {
                    @Override
                    protected PasswordAuthentication getPasswordAuthentication() {
                        return new PasswordAuthentication(args[0], args[1].toCharArray());
                    }
                })
                .build();
    }

    static SSLContext trust(String file) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream in = Files.newInputStream(Path.of(file))) {
            int n = 0;
            for (Certificate c : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                store.setCertificateEntry("ca" + n++, c);
            }
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }
}
