// Package auth finds out who sends an HTTP request, by Basic (RFC 7617), Digest
// (RFC 7616), NTLM (MS-NLMP, MS-NTHT) and Negotiate (RFC 4559) credentials,
// without a connection or a session: every request may meet another instance.
//
// # An answer, not an error
//
// Authenticate looks at one request. Wrong credentials are an Outcome with a
// challenge; an error is a failure of ours (the directory or the table cannot be
// reached). What a refusal was for shows in the log alone: one 401 for
// everything, with the same header, after the same work.
//
// # Methods
//
// A scheme family is a method (method.go): it names its token in the
// Authorization header, makes its challenges and judges credentials. A verdict
// whose reply is set is answered by that challenge alone: the first leg of a
// handshake. What is offered, in which order and to whom, is configuration
// (scheme.go, challenge.go).
//
// # Passwords at rest
//
// NewVerifiers makes, for each enabled scheme, what a password is checked with:
// one argon2id hash for Basic; for Digest a pair of HA1 (UTF-8 and Latin-1) per
// algorithm and form of the name, because HA1 contains the name as the client
// writes it; for NTLM the NT hash; for Negotiate nothing. Each is sealed by AES-256-GCM under the key ring with account,
// scheme, realm, form and version as associated data, so that it opens nowhere
// else (verifier.go has the format).
//
// # Digest
//
// The order of checks is: parse, throttle, proof, the nonce's seal, its age,
// replay. Only a right proof can learn that its nonce is stale. A nonce (nonce.go)
// is sealed time, so issuing one stores nothing; a verified use is one
// conditional put (replay.go), so unauthenticated requests write nothing, no
// item is hot and the order of uses does not matter.
//
// # NTLM
//
// NTLM signs in a connection, and there is none here. The state of a handshake,
// its time and a random label, travels in pairs of the challenge that an NTLMv2
// client copies into what it proves; the nonce to prove is a keyed hash of both,
// of the realm and of the Host (ntlm_state.go). So a proof that fits says that the
// challenge was ours and when it was made, on any instance and with nothing
// stored. The order of checks is that of Digest, and the challenge is spent by
// the first right proof. The messages are those of package ntlmssp, in SPNEGO those
// of package spnego.
//
// # Kerberos
//
// Tickets are for Config.Kerberos to judge (package kerberos has it, by a keytab). An
// account signs in by them if its list of schemes names negotiate. What was judged
// right is then spent here, as a challenge of NTLM is. The groups of a ticket go to the
// caller of Authenticate, who adds their roles to the account's.
//
// # Unknown names
//
// For a name that has no verifier a fake one is derived from it under a key
// that never leaves the process, and all steps run on it. The real and the fake
// are both at hand before either is used.
//
// # Guessing
//
// Failures are counted per name and source address (throttle.go): after 10 in
// 15 minutes the pair is answered the same 401 at once for a delay that grows
// from one second to five minutes. The name is counted without domain and case
// and whether or not it exists, so the count tells nothing. Counts are kept in
// the process, in bounded memory. Where many instances run, as on Lambda, each
// counts its own: the limit is 10 times the instances that an attacker
// reaches, which the deployment bounds by the authorizer's concurrency. A
// shared count would let a stranger write to the table at will, a cost and a
// hot item, and it would have to be read before every proof.
//
// Basic costs 19 MiB and about 25 ms on purpose. At most Config.Hashes of these run at
// once, few wait, equal credentials wait for one computation, and a verified
// password is remembered for 60 seconds under a keyed hash that includes the
// stored verifier: a new password, a disabled account or a changed list of
// schemes holds from the next request on.
//
// No secret, header, password or name as sent is in any log line or error.
package auth
