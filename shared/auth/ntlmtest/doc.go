// Package ntlmtest is a client of NTLM over HTTP for tests: it signs in to a server
// as the clients do that Docket is for, with the ways in which they differ as
// options, and with what an attacker would change. It is written from MS-NLMP and
// RFC 4178 and shares no code with the packages that it tests.
package ntlmtest
