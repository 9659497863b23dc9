package environment

// Namespace is where in CloudWatch the functions' own metrics are.
const Namespace = "Docket"

// The metrics that functions write and that alarms and the dashboard read. A
// Count is 1 for each occurrence; units are those of DynamoDB's billing.
const (
	ReadUnits       = "ReadUnits"       // read units of one request
	WriteUnits      = "WriteUnits"      // write units of one request
	TableCalls      = "TableCalls"      // calls to DynamoDB of one request
	Denied          = "Denied"          // Count: a request was refused for its credentials or role
	AppendConflicts = "AppendConflicts" // Count: an append found its position taken by another writer
	Damage          = "Damage"          // Count: something stored is not what was written
)

// The metrics of the ingest function, of one invocation each.
const (
	IngestLag       = "IngestLag"       // Seconds: from the oldest event to its visible record; not of what is redriven or continued
	IngestStored    = "IngestStored"    // Count: records stored
	IngestRepeated  = "IngestRepeated"  // Count: records found stored by an earlier delivery
	IngestRefused   = "IngestRefused"   // Count: messages sent to a dead-letter queue with a reason
	IngestRetried   = "IngestRetried"   // Count: messages left to the queue for another try
	IngestContinued = "IngestContinued" // Count: files put back to be continued by another invocation
)

// The metrics of the compact function, of one invocation each.
const (
	CompactionDebt    = "CompactionDebt"    // Count: items of the logs that lie behind their manifests
	CompactionRecords = "CompactionRecords" // Count: records of segments that were merged
	CompactionFailed  = "CompactionFailed"  // Count: an invocation in which a shard could not be compacted
)
