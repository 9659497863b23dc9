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
	KeytabSecret   = "DOCKET_KEYTAB_SECRET"   // ARN of the secret that holds the keytab; not set where there is none
	Realms         = "DOCKET_REALMS"          // beside it: list in JSON of REALM=DOMAIN
	GroupSIDs      = "DOCKET_GROUP_SIDS"      // beside it: list in JSON of SID=GROUP
	TimeZone       = "DOCKET_TIME_ZONE"       // IANA name of the zone of Today and Yesterday
	LogLevel       = "DOCKET_LOG"             // debug, info, warn or error
)

// The variables of the ingest function. A source that is off has neither of its
// two; lists are separated by commas.
const (
	RecordsQueue = "DOCKET_RECORDS_QUEUE" // URL of the queue of records that applications send
	RecordsDead  = "DOCKET_RECORDS_DEAD"  // URL of its dead-letter queue
	FilesQueue   = "DOCKET_FILES_QUEUE"   // URL of the queue of notifications of S3, which come through EventBridge
	FilesDead    = "DOCKET_FILES_DEAD"    // URL of its dead-letter queue
	EventsQueue  = "DOCKET_EVENTS_QUEUE"  // URL of the queue of events of EventBridge
	EventsDead   = "DOCKET_EVENTS_DEAD"   // URL of its dead-letter queue
	MaxReceives  = "DOCKET_MAX_RECEIVES"  // maxReceiveCount of the queues: the last try, after which the function says why
	Buckets      = "DOCKET_BUCKETS"       // names of the buckets whose objects are read
	Accounts     = "DOCKET_ACCOUNTS"      // IDs of the accounts whose events are taken
	IngestPlan   = "DOCKET_INGEST_PLAN"   // monitoring plan, by name or ID, of records that name none; may be empty
	Mapping      = "DOCKET_MAPPING"       // paths of files with rules for CloudTrail events; may be empty
)
