// Package ntlmssp reads and writes the three messages of NTLM (MS-NLMP) as a
// server meets them, and checks the proof of NTLMv2. It keeps no state and knows
// nothing of HTTP, accounts or tables.
//
// A client sends a NEGOTIATE message (type 1), gets a CHALLENGE (type 2) and answers
// with an AUTHENTICATE (type 3), whose proof covers the challenge and a list of
// pairs that the client copies from it. A server that puts its state into those
// pairs gets it back, so that it need not remember any: package auth does.
//
// NTLMv1, LM and anonymous sign-ins are refused here, when a message is read. The
// message integrity code of type 3 covers all three messages and could be
// checked only by who has kept the first; it is passed over, as are the session
// key and version.
package ntlmssp
