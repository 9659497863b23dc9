import java.io.*;
import java.net.*;
import java.nio.file.*;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import javax.net.ssl.*;

/**
 * Sends the script on standard input with java.net.HttpURLConnection; prints
 * one status a line. Arguments: user, password, CA file. A line is METHOD, URL
 * and body file or "-", separated by tabs; "next" begins anew.
 */
public class UrlConnection {
    public static void main(String[] args) throws Exception {
        SSLSocketFactory tls = trust(args[2]);
        Authenticator who = fresh(args);
        BufferedReader script = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = script.readLine()) != null; ) {
            if (line.equals("next")) {
                who = fresh(args);
                continue;
            }
            String[] f = line.split("\t");
            HttpURLConnection c = (HttpURLConnection) new URL(f[1]).openConnection(Proxy.NO_PROXY);
            if (c instanceof HttpsURLConnection) {
                ((HttpsURLConnection) c).setSSLSocketFactory(tls);
            }
            c.setAuthenticator(who);
            c.setRequestMethod(f[0]);
            if (!f[2].equals("-")) {
                c.setDoOutput(true);
                try (OutputStream out = c.getOutputStream()) {
                    out.write(Files.readAllBytes(Path.of(f[2])));
                }
            }
            int status = c.getResponseCode();
            try (InputStream in = status < 400 ? c.getInputStream() : c.getErrorStream()) {
                if (in != null) {
                    in.readAllBytes();
                }
            }
            System.out.println(status);
        }
    }

    static Authenticator fresh(String[] args) {
        return new Authenticator() {
            @Override
            protected PasswordAuthentication getPasswordAuthentication() {
                return new PasswordAuthentication(args[0], args[1].toCharArray());
            }
        };
    }

    static SSLSocketFactory trust(String file) throws Exception {
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
        return context.getSocketFactory();
    }
}
