// Package kerberostest is a KDC and a client of Kerberos for tests: it makes keytabs,
// tickets and PACs, right ones and such as an attacker would like to have. It shares no
// code with package kerberos, which it tests, but both use gokrb5: what MIT's own
// programs make is tested in cmd/docket/clients.
package kerberostest
