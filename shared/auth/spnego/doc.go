// Package spnego reads and writes the frames in which clients send the tokens
// of HTTP's Negotiate scheme (RFC 4559): those of SPNEGO (RFC 4178), which name
// mechanisms and carry a token of one, and tokens that come without a frame.
//
// It knows two mechanisms, Kerberos and NTLM, by what their tokens begin with, and
// looks into neither. Frames are DER, read strictly: definite lengths in their
// shortest form, nothing after the end, no more than MaxToken bytes and MaxMechs
// mechanisms. Their depth is fixed by the format, so nothing recurs. What is
// read is not trusted: the list of mechanisms has an integrity check that cannot
// be made before the peer is known, and it decides nothing here but which
// mechanism to ask for.
package spnego
