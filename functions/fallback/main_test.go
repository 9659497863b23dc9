package main

import (
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

func TestHandle(t *testing.T) {
	const root = "/api/v1/activity_records"
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/", http.StatusNotFound, ""},
		{"GET", root + "/other", http.StatusNotFound, ""},
		{"POST", root + "//enum", http.StatusNotFound, ""},
		{"DELETE", root, http.StatusMethodNotAllowed, "POST"},
		{"PUT", root + "/enum/", http.StatusMethodNotAllowed, "GET, POST"},
		{"GET", "/netwrix" + root + "/search", http.StatusMethodNotAllowed, "POST"},
		{"OPTIONS", root + "/enum", http.StatusMethodNotAllowed, "GET, POST"},
	} {
		a, err := handle(t.Context(), events.APIGatewayProxyRequest{
			HTTPMethod: c.method, Path: c.path, RequestContext: events.APIGatewayProxyRequestContext{RequestID: "r1"},
		})
		if err != nil || a.StatusCode != c.status || a.Body != "" || a.Headers["Allow"] != c.allow || a.Headers["X-Request-Id"] != "r1" {
			t.Errorf("%s %s: %+v, %v; want an empty %d, Allow %q", c.method, c.path, a, err, c.status, c.allow)
		}
	}
}
