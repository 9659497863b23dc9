package kerberos

import (
	"encoding/binary"
	"strconv"
	"strings"
)

// KERB_VALIDATION_INFO (MS-PAC, section 2.5) as NDR writes it (C706, chapter 14;
// MS-RPCE, section 2.2.6): two headers of 8 bytes, a pointer, the fixed part, and
// then, in the order of the pointers, what they point to. Only the groups are kept;
// all before them has to be stepped over.

// maxSIDs is the most SIDs that are read: more do not fit into a ticket that fits
// into a header.
const maxSIDs = 4096

// The attributes of a group (MS-PAC, section 2.2.1).
const (
	groupEnabled  = 0x04
	groupDenyOnly = 0x10
)

// readLogon returns the SIDs of the groups that count for the user: those of its
// domain, those of elsewhere, and those of the resource's domain. Errors are errPAC.
func readLogon(b []byte) ([]string, error) {
	if len(b) < 20 || b[0] != 1 || b[1] != 0x10 { // version 1, little-endian
		return nil, errPAC
	}
	n := &ndr{rest: b[16:]}
	n.u32() // the pointer to it all
	n.skip(48)
	names := []bool{n.text(), n.text(), n.text(), n.text(), n.text(), n.text()}
	n.skip(4 + 8) // counters; the user and its primary group, which is among the groups too
	n.u32()       // how many groups: the array says it again
	groups := n.pointer()
	n.skip(4 + 16)
	domainNames := []bool{n.text(), n.text()}
	domain := n.pointer()
	n.skip(8 + 4 + 28)
	n.u32()
	extra := n.pointer()
	resource := n.pointer()
	n.u32()
	resourceGroups := n.pointer()

	n.skipTexts(names)
	own := n.groups(groups)
	n.skipTexts(domainNames)
	list := n.join(n.sid(domain), own)
	list = append(list, n.extra(extra)...)
	theirs := n.sid(resource)
	list = append(list, n.join(theirs, n.groups(resourceGroups))...)
	if n.failed {
		return nil, errPAC
	}
	return list, nil
}

// ndr reads. After a failure everything is zero.
type ndr struct {
	rest   []byte
	failed bool
}

func (n *ndr) take(size int) []byte {
	if n.failed || size > len(n.rest) {
		n.failed = true
		return nil
	}
	b := n.rest[:size]
	n.rest = n.rest[size:]
	return b
}

func (n *ndr) skip(size int) { n.take(size) }

func (n *ndr) u32() uint32 {
	if b := n.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// pointer reports whether something follows for it.
func (n *ndr) pointer() bool { return n.u32() != 0 }

// text is an RPC_UNICODE_STRING's fixed part: two lengths and a pointer.
func (n *ndr) text() bool {
	n.u32()
	return n.pointer()
}

// count is the length of an array of elements of a size.
func (n *ndr) count(size int) int {
	c := n.u32()
	if c > maxSIDs || int(c)*size > len(n.rest) {
		n.failed = true
		return 0
	}
	return int(c)
}

// skipTexts steps over strings: capacity, offset, length, and UTF-16 up to a
// multiple of four bytes.
func (n *ndr) skipTexts(present []bool) {
	for _, is := range present {
		if is {
			n.skip(8)
			n.skip((n.count(2)*2 + 3) &^ 3)
		}
	}
}

// member is a GROUP_MEMBERSHIP: a group by its number in a domain.
type member struct{ rid, attributes uint32 }

func (n *ndr) groups(present bool) []member {
	if !present {
		return nil
	}
	list := make([]member, n.count(8))
	for i := range list {
		list[i] = member{n.u32(), n.u32()}
	}
	return list
}

// sid reads an RPC_SID: the number of subauthorities, the revision, the number
// again, the authority in six bytes of the other order, the subauthorities.
func (n *ndr) sid(present bool) string {
	if !present {
		return ""
	}
	count := n.count(4)
	head := n.take(8)
	if head == nil || head[0] != 1 || int(head[1]) != count || count > 15 {
		n.failed = true
		return ""
	}
	authority := uint64(binary.BigEndian.Uint16(head[2:]))<<32 | uint64(binary.BigEndian.Uint32(head[4:]))
	var b strings.Builder
	b.WriteString("S-1-" + strconv.FormatUint(authority, 10))
	for range count {
		b.WriteString("-" + strconv.FormatUint(uint64(n.u32()), 10))
	}
	return b.String()
}

// extra reads an array of KERB_SID_AND_ATTRIBUTES, and the SIDs behind it.
func (n *ndr) extra(present bool) []string {
	if !present {
		return nil
	}
	type entry struct {
		present    bool
		attributes uint32
	}
	entries := make([]entry, n.count(8))
	for i := range entries {
		entries[i] = entry{n.pointer(), n.u32()}
	}
	var list []string
	for _, e := range entries {
		if s := n.sid(e.present); s != "" && counts(e.attributes) {
			list = append(list, s)
		}
	}
	return list
}

// join makes SIDs of a domain's and its groups' numbers.
func (n *ndr) join(domain string, groups []member) []string {
	var list []string
	for _, g := range groups {
		if domain != "" && counts(g.attributes) {
			list = append(list, domain+"-"+strconv.FormatUint(uint64(g.rid), 10))
		}
	}
	return list
}

// counts reports whether a membership is one: in force, and not only for denying.
func counts(attributes uint32) bool {
	return attributes&groupEnabled != 0 && attributes&groupDenyOnly == 0
}
