package generate

import (
	"strconv"

	"docket/shared/activity"
)

// kind is a sort of activity with its share of all records.
type kind struct {
	weight uint64
	make   func(*Generator, *activity.Record)
}

var kinds = []kind{
	{46, (*Generator).file},
	{20, (*Generator).logon},
	{14, (*Generator).server},
	{7, (*Generator).directory},
	{5, (*Generator).mail},
	{4, (*Generator).document},
	{3, (*Generator).database},
	{1, (*Generator).session},
}

func kindWeights() choice {
	weights := make([]uint64, len(kinds))
	for i, k := range kinds {
		weights[i] = k.weight
	}
	return newChoice(weights)
}

// Which action a kind takes: an entry's share is how often it stands here.
var (
	fileActions = repeat(map[activity.Action]int{
		activity.Read: 40, activity.Modified: 25, activity.Added: 12, activity.Removed: 8, activity.Renamed: 4,
		activity.Moved: 3, activity.Copied: 2, activity.ReadFailed: 3, activity.ModifyFailed: 1, activity.RemoveFailed: 1,
		activity.AddFailed: 1, activity.MoveFailed: 1, activity.RenameFailed: 1,
	})
	logonActions     = repeat(map[activity.Action]int{activity.SuccessfulLogon: 55, activity.Logoff: 38, activity.FailedLogon: 7})
	serverActions    = repeat(map[activity.Action]int{activity.Activated: 50, activity.Modified: 30, activity.Added: 12, activity.Removed: 8})
	directoryActions = repeat(map[activity.Action]int{activity.Modified: 70, activity.Added: 15, activity.Removed: 10, activity.ModifyFailed: 5})
	mailActions      = repeat(map[activity.Action]int{activity.Sent: 60, activity.Read: 30, activity.Removed: 10})
	documentActions  = repeat(map[activity.Action]int{activity.CheckedOut: 35, activity.CheckedIn: 30, activity.DiscardCheckOut: 5, activity.Read: 30})
	databaseActions  = repeat(map[activity.Action]int{activity.Modified: 50, activity.Added: 30, activity.Removed: 20})
)

// repeat lists each action as often as its count, in the order of the actions.
func repeat(counts map[activity.Action]int) []activity.Action {
	var list []activity.Action
	for _, a := range activity.Actions() {
		for range counts[a] {
			list = append(list, a)
		}
	}
	return list
}

func (g *Generator) action(list []activity.Action) activity.Action {
	return list[g.dice.below(len(list))]
}

func (g *Generator) file(r *activity.Record) {
	h := g.at(r, "fs")
	g.by(r, true)
	r.Action, r.ObjectType = g.action(fileActions), "File"
	i := g.byFile.draw(g.dice)
	share := pick(shares, mix(uint64(i/20000)))
	g.buf = append(append(append(g.buf[:0], `\\`...), h.name...), '\\')
	g.buf = append(g.buf, share...)
	rest := len(g.buf)
	g.buf = appendFile(g.buf, i)
	r.What = string(g.buf)
	below := r.What[rest:]

	detail(r, "Accesses", "", g.one(accesses))
	g.buf = append(append(append(g.buf[:0], `D:\Shares\`...), share...), below...)
	detail(r, "Local path", "", string(g.buf))
	switch r.Action {
	case activity.Modified, activity.ModifyFailed:
		before := g.dice.below(1 << 24)
		detail(r, "Size", strconv.Itoa(before), strconv.Itoa(before+g.dice.below(1<<16)))
		if g.dice.oneIn(6) {
			detail(r, "Permissions", g.accounts[g.byAccount.draw(g.dice)]+": "+g.one(rights), g.accounts[g.byAccount.draw(g.dice)]+": "+g.one(rights))
		}
	case activity.Renamed, activity.Moved, activity.RenameFailed, activity.MoveFailed, activity.Copied:
		g.buf = appendFile(append(append(append(append(g.buf[:0], `\\`...), h.name...), '\\'), share...), g.byFile.draw(g.dice))
		detail(r, "Path", r.What, string(g.buf))
	}
	if g.dice.oneIn(2) {
		detail(r, "Process", "", g.one(programs))
	}
}

func (g *Generator) logon(r *activity.Record) {
	role := "ws"
	if g.dice.oneIn(3) {
		role = "dc"
	}
	h := g.at(r, role)
	g.by(r, true)
	r.Action, r.ObjectType, r.What = g.action(logonActions), "Logon", h.name
	detail(r, "Logon type", "", g.one(logonTypes))
	detail(r, "Authentication package", "", g.one(packages))
	g.buf = strconv.AppendUint(append(g.buf[:0], "0x"...), g.dice.pcg.Uint64()>>36, 16)
	detail(r, "Logon ID", "", string(g.buf))
	if r.Action == activity.FailedLogon {
		detail(r, "Cause", "", g.one(failures))
	}
	detail(r, "Process", "", g.one(programs))
}

func (g *Generator) session(r *activity.Record) {
	h := g.at(r, "ws")
	g.by(r, false)
	r.Action, r.ObjectType, r.What = activity.SessionStart, "User session", h.name+`\Console`
	if g.dice.oneIn(2) {
		r.Action = activity.SessionEnd
		detail(r, "Duration", "", strconv.Itoa(g.dice.below(9*3600))+" seconds")
	}
	detail(r, "Session ID", "", strconv.Itoa(1+g.dice.below(60)))
}
