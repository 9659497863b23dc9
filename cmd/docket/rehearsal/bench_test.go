package rehearsal

import (
	"net/http"
	"testing"
	"time"
)

// BenchmarkRequests is the time of one request after the other through the whole
// rehearsal: gateway, authorizer, function, DynamoDB Local. The first request of
// each kind is printed: it starts the functions.
func BenchmarkRequests(b *testing.B) {
	r := start(b, build(b))
	const root = "/netwrix/api/v1/activity_records"
	record := `[{"Who":"a","Where":"b","ObjectType":"c","What":"d","Action":"Added","When":"2026-03-04T05:06:07Z"}]`
	for _, c := range []struct {
		name, method, path, body string
		account                  string
		status                   int
	}{
		{"authorizer", http.MethodGet, root + "/enum", "", "", http.StatusUnauthorized},
		{"enum, 1 record", http.MethodGet, root + "/enum?count=1&format=json", "", demoAdmin, http.StatusOK},
		{"enum, 1,000 records", http.MethodGet, root + "/enum?count=1000&format=json", "", demoAdmin, http.StatusOK},
		{"search, 100 records", http.MethodPost, root + "/search?count=100&format=json", `{"FilterList":{}}`, demoAdmin, http.StatusOK},
		{"write, 1 record", http.MethodPost, root + "/?format=json", record, demoAdmin, http.StatusOK},
		{"fallback", http.MethodGet, root + "/other", "", "", http.StatusNotFound},
	} {
		header := map[string]string{}
		if c.account != "" {
			header["Authorization"] = c.account
		}
		begun := time.Now()
		if status, body := send(b, c.method, r.url+c.path, header, []byte(c.body)); status != c.status {
			b.Fatalf("%s: status %d, %.200s", c.name, status, body)
		}
		b.Logf("%s: first answer after %s", c.name, time.Since(begun).Round(100*time.Microsecond))
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if status, _ := send(b, c.method, r.url+c.path, header, []byte(c.body)); status != c.status {
					b.Fatalf("status %d; want %d", status, c.status)
				}
			}
		})
	}
}
