package rehearsal

import (
	"testing"

	"docket/shared/auth/ntlmtest"
)

// checkSignIn signs in by NTLM to the AWS deployment as to a local server (TestNTLM of
// cmd/docket): the legs of a handshake meet whatever instance of the authorizer is
// free.
func checkSignIn(t *testing.T, b built) {
	r := start(t, b, "--auth", "negotiate,ntlm,digest,basic")
	ntlmtest.Run(t, r.url+"/netwrix/api/v1/activity_records", ntlmtest.Client{
		Domain: "Enterprise", User: "NetwrixUser", Workstation: "WS1", Password: "NetwrixIsCool", MIC: true,
	})
}
