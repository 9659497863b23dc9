// Package kerberos judges Kerberos tickets (RFC 4120) that clients send by HTTP's
// Negotiate scheme (RFC 4559): what auth.Config.Kerberos is for.
//
// # One token, no KDC
//
// A client's first token (an AP-REQ in GSS-API framing, RFC 4121, section 4.1) says
// all: a ticket, sealed by the KDC under a key that it shares with this service, and
// an authenticator, sealed by the client under the key in the ticket. A keytab holds
// the service's keys; no KDC is asked and nothing is stored. So any instance judges
// any token. What it must not accept twice it names (Ticket.Use), and package auth
// spends that in the table with the uses of all other schemes.
//
// Order of checks: form, key, seal of the ticket, its times and flags, seal of
// the authenticator, its name and time, realm. The reason of a refusal is in the
// error, in words of ours without anything that was sent, for the log.
//
// # Keys
//
// Only keys of HTTP/host principals and of AES count. A ticket names its service,
// key version and cipher in the clear; the name must be one in the keytab, in any
// case, and the version decides between old and new keys, so that a keytab may hold
// both while old tickets live.
//
// # Whom a ticket is for
//
// Realms are mapped to domains, and a realm without a line is refused: trust between
// realms is for KDCs to arrange, and no reason to let somebody in here. Names of
// several parts (host/x, ann/admin) are nobody's account.
//
// Group SIDs come from the PAC (MS-PAC), which Active Directory puts into tickets.
// It counts only under the KDC's seal with our key and if it is of this client and
// this sign-in: authorization data that a client asks for comes into tickets too.
// A PAC that cannot be used gives no groups and refuses nobody. What of it is read
// is read by a decoder of ours (logon.go), because a length in it may claim
// anything and the library's reserves what is claimed.
//
// # Hostile tokens
//
// The library (gokrb5) parses and decrypts; it is known to panic on odd input, so
// each call of it is caught (guard.go), and package auth bounds the size of what
// comes here. Its own checks of time and its replay cache are not used: they know
// neither our clock nor other instances.
package kerberos
