package filter

// Members are the accounts of a group, nested groups included.
type Members interface {
	// Contains says whether the account is one of them. Names are compared
	// without case.
	Contains(account string) bool
}

// inGroup is InGroup: the account is a member.
type inGroup struct{ members Members }

func (g inGroup) match(text string) bool { return g.members.Contains(text) }

func (g inGroup) test(v value) bool { return g.members.Contains(v.text()) }
