package generate

import (
	"strconv"
	"strings"
)

// How large the world is that the records come from.
const (
	numAccounts = 2000
	numFiles    = 200_000
	numObjects  = 5000 // of the directory, and as many documents and mails
)

// hostsOf is how many hosts there are of each role; 400 in all.
var hostsOf = map[string]int{"fs": 20, "ws": 340, "dc": 8, "sql": 8, "ex": 6, "sp": 6, "app": 12}

// host is where something happens, with the plan that watches it.
type host struct {
	name, short string
	plan        int // index into Config.Plans
}

// fleet is the hosts of one role, the busiest first.
type fleet struct {
	hosts []host
	by    choice
}

func (f fleet) draw(d dice) *host { return &f.hosts[f.by.draw(d)] }

// newFleet names the hosts of a role and gives each a plan by Zipf's law. It
// draws from d only when there are plans.
func newFleet(d dice, role string, plans int) fleet {
	n := hostsOf[role]
	f := fleet{hosts: make([]host, n), by: zipf(n)}
	for i := range f.hosts {
		number := strconv.Itoa(i/len(sites) + 1)
		short := role + "-" + sites[i%len(sites)] + "-" + strings.Repeat("0", 2-min(2, len(number))) + number
		f.hosts[i] = host{name: short + ".corp.example", short: short}
		if plans > 0 {
			f.hosts[i].plan = zipf(plans).draw(d)
		}
	}
	return f
}

// newAccounts names the accounts, all different; one in 25 is a service.
func newAccounts() []string {
	names := make([]string, numAccounts)
	taken := make(map[string]bool, numAccounts)
	for i := range names {
		h := mix(uint64(i))
		domain := `CORP\`
		if i%8 == 5 {
			domain = `BRANCH\`
		}
		name := domain + string(rune('a'+h%26)) + pick(syllables, mix(h)) + pick(syllables, mix(h+1)) + pick(syllables, mix(h+2))
		if i%25 == 3 {
			name = domain + pick(services, h)
		}
		for n := 2; taken[name]; n++ {
			name = strings.TrimRight(name, "0123456789") + strconv.Itoa(n)
		}
		taken[name] = true
		names[i] = name
	}
	return names
}

// newAddresses gives every account the address it mostly works from.
func newAddresses() []string {
	addresses := make([]string, numAccounts)
	for i := range addresses {
		addresses[i] = "10." + strconv.Itoa(20+i%len(sites)) + "." + strconv.Itoa(i/250) + "." + strconv.Itoa(2+i%250)
	}
	return addresses
}

// appendFile appends the path of the i-th file below its share. The upper
// levels come from the coarser digits of i, so that neighbours share them.
func appendFile(dst []byte, i int) []byte {
	coarse := uint64(i)
	depth := 3 + mix(coarse/64)%7
	for level := range depth {
		h := mix(coarse>>(2*(depth-level)) + level<<40)
		dst = append(dst, '\\')
		dst = append(dst, pick(folders, h)...)
		if h%4 == 1 {
			dst = append(dst, ' ')
			dst = strconv.AppendUint(dst, h>>8%40, 10)
		}
	}
	h := mix(coarse)
	dst = append(dst, '\\')
	dst = append(dst, pick(stems, h)...)
	dst = append(dst, '-')
	dst = strconv.AppendInt(dst, int64(i), 10)
	dst = append(dst, '.')
	return append(dst, pick(extensions, mix(h))...)
}
