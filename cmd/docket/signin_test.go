package main

import (
	"testing"

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
