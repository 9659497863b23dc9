package generate

import (
	"strconv"

	"docket/shared/activity"
)

func (g *Generator) server(r *activity.Record) {
	role := "ws"
	if g.dice.oneIn(2) {
		role = "app"
	}
	h := g.at(r, role)
	g.by(r, false)
	r.Action, r.ObjectType = g.action(serverActions), "Process"
	if r.Action == activity.Activated {
		r.What = g.one(programs)
		detail(r, "Command line", "", r.What+` -Site `+h.short+` -Job `+strconv.Itoa(g.dice.below(100_000)))
		detail(r, "Parent process", "", g.one(programs))
		detail(r, "Integrity level", "", "Medium")
		return
	}
	r.ObjectType = "Registry value"
	key := g.one(registry)
	r.What = `Registry\HKEY_LOCAL_MACHINE\` + key + `\Value` + strconv.Itoa(g.byObject.draw(g.dice))
	old := strconv.FormatUint(g.dice.pcg.Uint64()>>16, 16)
	detail(r, "Data", old, strconv.FormatUint(g.dice.pcg.Uint64()>>16, 16))
	detail(r, "Type", "REG_SZ", "REG_SZ")
	detail(r, "Process", "", g.one(programs))
}

func (g *Generator) directory(r *activity.Record) {
	g.at(r, "dc")
	g.by(r, true)
	r.Action, r.ObjectType = g.action(directoryActions), "user"
	i := g.byAccount.draw(g.dice)
	name := g.accounts[i]
	r.What = `\example\corp\` + pick(sites, mix(uint64(i))) + `\` + pick(units, mix(uint64(i)+1)) + `\` + name[indexAfter(name, '\\'):]
	detail(r, "Account control", g.one(accountBits), g.one(accountBits))
	for range 1 + g.dice.below(3) {
		old := g.byObject.draw(g.dice)
		property := g.one(attributes)
		detail(r, property, property+" "+strconv.Itoa(old), property+" "+strconv.Itoa(old+1))
	}
	if g.dice.oneIn(3) {
		detail(r, "Member of", "", g.one(groups)+"; "+g.one(groups))
	}
}

func (g *Generator) mail(r *activity.Record) {
	g.at(r, "ex")
	g.by(r, true)
	r.Action, r.ObjectType = g.action(mailActions), "Message"
	owner := g.accounts[g.byAccount.draw(g.dice)]
	mailbox := owner[indexAfter(owner, '\\'):] + "@corp.example"
	n := strconv.Itoa(g.byObject.draw(g.dice))
	r.What = mailbox + `\Inbox\` + g.one(folders) + `\` + g.one(stems) + " " + n
	detail(r, "Mailbox", "", mailbox)
	detail(r, "Subject", "", "Re: "+g.one(stems)+" "+n+" for "+g.one(units)+", please check until "+g.one(folders))
	detail(r, "Recipients", "", "team-"+g.one(sites)+"@corp.example; "+mailbox)
	detail(r, "Client", "", g.one(programs))
}

func (g *Generator) document(r *activity.Record) {
	h := g.at(r, "sp")
	g.by(r, true)
	r.Action, r.ObjectType = g.action(documentActions), "Document"
	i := g.byObject.draw(g.dice)
	r.What = "https://" + h.name + "/sites/" + pick(units, mix(uint64(i))) + "/Shared Documents/" + pick(folders, mix(uint64(i)+1)) + "/" + pick(stems, mix(uint64(i)+2)) + "-" + strconv.Itoa(i) + ".docx"
	version := 1 + g.dice.below(40)
	detail(r, "Version", strconv.Itoa(version)+".0", strconv.Itoa(version+1)+".0")
	detail(r, "Comment", "", "Changes for "+g.one(units)+", "+g.one(folders)+": "+g.one(stems))
	detail(r, "URL", "", r.What+"?web=1&version="+strconv.Itoa(version))
}

func (g *Generator) database(r *activity.Record) {
	h := g.at(r, "sql")
	g.by(r, true)
	r.Action, r.ObjectType = g.action(databaseActions), "Table row"
	database, table := g.one(databases), g.one(tables)
	row := strconv.Itoa(g.byFile.draw(g.dice))
	r.What = h.short + `\Databases\` + database + `\Tables\` + table + `\` + row
	statement := "UPDATE " + table + " SET Amount = Amount + " + strconv.Itoa(g.dice.below(1000)) + ", Changed = SYSUTCDATETIME() WHERE Id = " + row
	detail(r, "Statement", "", statement)
	detail(r, "Amount", strconv.Itoa(g.dice.below(100_000)), strconv.Itoa(g.dice.below(100_000)))
	detail(r, "Application", "", g.one(programs))
}

// indexAfter returns where the text after the first c begins.
func indexAfter(s string, c byte) int {
	for i := range len(s) {
		if s[i] == c {
			return i + 1
		}
	}
	return 0
}
