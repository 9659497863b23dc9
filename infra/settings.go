package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"docket/shared/auth"
	"docket/shared/auth/kerberos"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Settings are the choices of a deployment, from the context key "docket" of
// cdk.json. The table in docs/deployment.md says what each means.
type Settings struct {
	Name           string  // prefix of the stacks' names
	Schemes        string  // authentication schemes to offer
	TimeZone       string  // IANA zone of Today and Yesterday
	LogLevel       string  // debug, info, warn, error
	LogDays        float64 // retention of logs, one of CloudWatch's steps
	RatePerSecond  float64 // throttling of the whole stage
	Burst          float64
	SearchMemory   float64 // MiB of the enum and search functions; 1769 is one core
	WAF            bool    // AWS managed rules in front of the API
	DomainName     string  // custom domain; empty for none
	CertificateARN string  // its certificate, in the same region
	TrustStoreURI  string  // s3:// of a CA bundle: clients need a certificate
	AlarmEmail     string  // where alarms go; empty for a topic without subscribers
	RecordsTable   string  // a restored table to use instead of the stack's own
	DirectoryTable string  // the same for accounts, roles and plans
	// Keytab makes a secret for a keytab, for Kerberos tickets: of users of Realms
	// (REALM=DOMAIN), with groups by GroupSIDs (SID=GROUP).
	Keytab    bool
	Realms    []string
	GroupSIDs []string
	// ReserveConcurrency keeps an instance for compaction. New accounts may have
	// none to spare.
	ReserveConcurrency bool
	Ingestion
}

// defaults hold where cdk.json is silent.
func defaults() Settings {
	return Settings{
		Name: "Docket", Schemes: "digest,basic", TimeZone: "UTC", LogLevel: "info", LogDays: 90,
		RatePerSecond: 200, Burst: 400, SearchMemory: 1769, ReserveConcurrency: true, Ingestion: ingestionDefaults(),
	}
}

// readSettings reads and checks the context. Every problem is reported at once.
func readSettings(scope constructs.Construct) (Settings, error) {
	s := defaults()
	raw, _ := scope.Node().TryGetContext(jsii.String("docket")).(map[string]any)
	var problems []string
	for key, value := range raw {
		if problem := s.set(key, value); problem != "" {
			problems = append(problems, problem)
		}
	}
	problems = append(problems, s.check()...)
	if len(problems) > 0 {
		return s, fmt.Errorf("context \"docket\" in cdk.json:\n  %s", strings.Join(problems, "\n  "))
	}
	return s, nil
}

// set takes one value and returns what is wrong with it.
func (s *Settings) set(key string, value any) string {
	target, ok := s.targets()[key]
	if !ok {
		return key + " is not a setting"
	}
	switch p := target.(type) {
	case *string:
		if *p, ok = value.(string); !ok {
			return key + " must be a text"
		}
	case *float64:
		if *p, ok = value.(float64); !ok {
			return key + " must be a number"
		}
	case *bool:
		if *p, ok = value.(bool); !ok {
			return key + " must be true or false"
		}
	case *[]string:
		if *p, ok = texts(value); !ok {
			return key + " must be a list of texts"
		}
	case *pattern:
		if *p, ok = value.(map[string]any); !ok {
			return key + " must be an event pattern: an object"
		}
	}
	return ""
}

// targets are where the values of all settings go.
func (s *Settings) targets() map[string]any {
	return map[string]any{
		"name": &s.Name, "auth": &s.Schemes, "timeZone": &s.TimeZone, "logLevel": &s.LogLevel, "logDays": &s.LogDays, "ratePerSecond": &s.RatePerSecond,
		"burst": &s.Burst, "searchMemory": &s.SearchMemory, "waf": &s.WAF, "domainName": &s.DomainName, "certificateArn": &s.CertificateARN,
		"trustStoreUri": &s.TrustStoreURI, "alarmEmail": &s.AlarmEmail, "recordsTable": &s.RecordsTable, "directoryTable": &s.DirectoryTable,
		"keytab": &s.Keytab, "realms": &s.Realms, "groupSids": &s.GroupSIDs,
		"ingestQueue": &s.Queue, "ingestBucket": &s.Bucket, "ingestCloudTrail": &s.CloudTrail, "ingestReadEvents": &s.ReadEvents, "ingestCustomEvents": &s.CustomEvents,
		"cloudTrailPattern": &s.CloudTrailPattern, "customPattern": &s.CustomPattern, "ingestBuckets": &s.Buckets, "ingestKeys": &s.Keys,
		"ingestAccounts": &s.Accounts, "ingestPlan": &s.Plan, "ingestMapping": &s.Mapping, "ingestConcurrency": &s.Concurrency, "reserveConcurrency": &s.ReserveConcurrency,
	}
}

func texts(value any) ([]string, bool) {
	list, ok := value.([]any)
	made := make([]string, len(list))
	for i, v := range list {
		text, isText := v.(string)
		made[i], ok = text, ok && isText
	}
	return made, ok
}

var (
	restoredName = regexp.MustCompile(`^[A-Za-z0-9_.-]{3,255}$`)
	stackName    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)
	logSteps     = []float64{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653}
)

func (s *Settings) check() []string {
	var p []string
	bad := func(cond bool, text string) {
		if cond {
			p = append(p, text)
		}
	}
	bad(!stackName.MatchString(s.Name), "name must be 1 to 64 letters, digits and dashes, a letter first")
	schemes, err := auth.ParseSchemes(s.Schemes)
	bad(err != nil, fmt.Sprintf("auth must name at least one scheme, several with commas between them: %v", err))
	bad(s.Keytab && !slices.Contains(schemes, auth.Negotiate), "keytab needs negotiate in auth")
	bad(s.Keytab == (len(s.Realms) == 0), "keytab and realms go together")
	bad(!s.Keytab && len(s.GroupSIDs) > 0, "groupSids need a keytab")
	_, err = kerberos.ParseRealms(s.Realms)
	bad(err != nil, fmt.Sprintf("realms: %v", err))
	_, err = kerberos.ParseGroups(s.GroupSIDs)
	bad(err != nil, fmt.Sprintf("groupSids: %v", err))
	bad(s.RatePerSecond < 1 || s.Burst < 1, "ratePerSecond and burst must be at least 1")
	bad(s.SearchMemory < 256 || s.SearchMemory > 10240, "searchMemory must be 256 to 10240 (MiB)")
	bad((s.DomainName == "") != (s.CertificateARN == ""), "domainName and certificateArn go together")
	bad(s.TrustStoreURI != "" && s.DomainName == "", "trustStoreUri needs a domainName")
	for _, name := range []string{s.RecordsTable, s.DirectoryTable} {
		bad(name != "" && !restoredName.MatchString(name), "recordsTable and directoryTable must be names of tables: 3 to 255 letters, digits, dots, dashes and underscores")
	}
	bucket, object := splitS3(s.TrustStoreURI)
	bad(s.TrustStoreURI != "" && (!strings.HasPrefix(s.TrustStoreURI, "s3://") || bucket == "" || object == ""), "trustStoreUri must be s3://BUCKET/OBJECT")
	days := false
	for _, d := range logSteps {
		days = days || d == s.LogDays
	}
	bad(!days, fmt.Sprintf("logDays must be one of %v", logSteps))
	return append(p, s.Ingestion.check()...)
}
