package main

import (
	"testing"
	"time"

	"docket/shared/access"
	"docket/shared/auth/kerberostest"
	"docket/shared/auth/ntlmtest"
)

// TestNTLM signs in to a local server as to the AWS deployment (package rehearsal).
func TestNTLM(t *testing.T) {
	url, stop := startServe(t, "--data", t.TempDir(), "--demo", "--http", "--auth", "negotiate,ntlm,digest,basic")
	defer stop()
	ntlmtest.Run(t, url+"/netwrix/api/v1/activity_records", ntlmtest.Client{
		Domain: "Enterprise", User: "NetwrixUser", Workstation: "WS1", Password: "NetwrixIsCool", MIC: true,
	})
}

// TestTickets does the same with Kerberos, with tickets made by the test: of groups
// too, which those of MIT's KDC (package clients) do not have.
func TestTickets(t *testing.T) {
	flags := kerberostest.Flags(t, time.Now, access.AdministratorsGroup)
	url, stop := startServe(t, append([]string{"--data", t.TempDir(), "--demo", "--http"}, flags...)...)
	defer stop()
	kerberostest.Run(t, url+"/netwrix/api/v1/activity_records", time.Now)
}
