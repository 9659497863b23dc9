package simulation

// togetherBugs are of AppendEach: batches that are stored together and known alone.
var togetherBugs = []bug{
	{name: "of batches refused together for one key, the others are acknowledged", broken: "L6", edits: []edit{{"shared/ledger/each.go",
		`		if !there {
			left = append(left, i)
			continue
		}
`, `		if SEEDED && !there {
			t.e.receipts[i] = Receipt{Shard: t.shard, N: len(t.e.batches[i].Records)}
			continue
		}
		if !there {
			left = append(left, i)
			continue
		}
`}}},
	{name: "receipts of batches stored together all name the first position", broken: "L5", edits: []edit{{"shared/ledger/each.go",
		`		at += Position(n)
`, `		if !SEEDED {
			at += Position(n)
		}
`}}},
	{name: "tokens of batches stored together replace those that are there", broken: "L5", edits: []edit{{"shared/ledger/each.go",
		`		ops = append(ops, table.Op{Kind: table.Put, Item: item, If: table.Absent})
`, `		op := table.Op{Kind: table.Put, Item: item, If: table.Absent}
		if SEEDED {
			op.If = table.Always
		}
		ops = append(ops, op)
`}}},
	{name: "of batches refused together for one key, all are answered as that one", broken: "L5", edits: []edit{{"shared/ledger/each.go",
		`		it, there := tokens[k]
`, `		it, there := tokens[k]
		for _, any := range tokens {
			if SEEDED && !there {
				it, there = any, true
			}
		}
`}}},
}
