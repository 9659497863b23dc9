package clients

// Variable is the environment variable with the path of a file that describes servers
// which run already, an Elsewhere in JSON: TestClientsSignInElsewhere sends the
// clients there.
const Variable = "DOCKET_CLIENTS_ELSEWHERE"

// Elsewhere are servers with the demo's accounts, one for each offer.
type Elsewhere struct {
	URLs   []string // in the order of Offers
	Ticket *Ticket  // of Enterprise\NetwrixUser
}

// Ticket is what somebody has who signed in to the realm of the tests.
type Ticket struct {
	Env    []string // of a program that has it
	Config string   // file that says where the KDC is
	Keytab string   // file of the services' keys
}

// Offer is what a server is configured to offer.
type Offer struct {
	Schemes string
	Keytab  bool
}

// Offers are those of the tables.
var Offers = []Offer{
	ofDefault:   {"digest,basic", false},
	ofAll:       {"negotiate,ntlm,digest,basic", false},
	ofAllKeytab: {"negotiate,ntlm,digest,basic", true},
	ofNTLM:      {"ntlm", false},
	ofSHA256:    {"digest-sha-256", false},
	ofTickets:   {"negotiate", true},
}

// The offers by their place in a client's list.
const (
	ofDefault = iota
	ofAll
	ofAllKeytab
	ofNTLM
	ofSHA256
	ofTickets
	offerCount
)

func (o Offer) String() string {
	if o.Keytab {
		return "`" + o.Schemes + "`, with a keytab"
	}
	return "`" + o.Schemes + "`"
}

// Realms is the table of realms that goes with a keytab: users of the tests' realm
// have accounts in the demo's domain.
var Realms = []string{"DOCKET.TEST=Enterprise"}
