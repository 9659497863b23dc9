// Package environment names what the functions and the infrastructure around
// them must agree on: environment variables, which the one reads and the other
// sets, and metrics, which the one writes and the other watches.
package environment

// The variables. Each function gets those it reads and no others.
const (
	RecordsTable   = "DOCKET_RECORDS_TABLE"   // name of the table of the ledger
	DirectoryTable = "DOCKET_DIRECTORY_TABLE" // name of the table of accounts, groups, roles, plans
	StateTable     = "DOCKET_STATE_TABLE"     // name of the table of nonces, tokens in use, progress
	KeysSecret     = "DOCKET_KEYS_SECRET"     // ARN of the secret that holds the key ring
	Schemes        = "DOCKET_AUTH"            // authentication schemes to offer, comma-separated
	TimeZone       = "DOCKET_TIME_ZONE"       // IANA name of the zone of Today and Yesterday
	LogLevel       = "DOCKET_LOG"             // debug, info, warn or error
)
