package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Ingestion are the choices about records that come without a client. All
// sources are off unless they are switched on.
type Ingestion struct {
	Queue             bool     // a queue for records that applications send
	Bucket            bool     // a bucket for files
	CloudTrail        bool     // a rule for the account's own events of CloudTrail
	ReadEvents        bool     // among them those that only read
	CustomEvents      bool     // a rule for custom events that carry records
	CloudTrailPattern pattern  // which events of CloudTrail
	CustomPattern     pattern  // which custom events
	Buckets           []string // further buckets whose new objects are read
	Keys              []string // ARNs of the KMS keys of those buckets
	Accounts          []string // further accounts that may send events
	Plan              string   // monitoring plan of records that name none
	Mapping           string   // folder with rules for CloudTrail events
	Concurrency       float64  // instances of the function that one queue may occupy
}

// pattern is an event pattern of EventBridge.
type pattern map[string]any

func ingestionDefaults() Ingestion {
	return Ingestion{
		// Data and network activity events are many, and are left out by their
		// category; events of before categories were introduced have none.
		CloudTrailPattern: pattern{
			"source":      []any{map[string]any{"prefix": "aws."}},
			"detail-type": []any{"AWS API Call via CloudTrail", "AWS Console Sign In via CloudTrail", "AWS Console Action via CloudTrail", "AWS Service Event via CloudTrail"},
			"detail":      map[string]any{"eventCategory": []any{"Management", map[string]any{"exists": false}}},
		},
		CustomPattern: pattern{"detail-type": []any{"Docket Activity Records"}},
		Buckets:       []string{}, Keys: []string{}, Accounts: []string{},
		// More instances meet on the ledger's shards: of 760 calls to DynamoDB with five,
		// 550 were lost races, of 450 with two 170.
		Concurrency: 2,
	}
}

// files says whether any bucket is read, events whether any rule is on.
func (s *Ingestion) files() bool  { return s.Bucket || len(s.Buckets) > 0 }
func (s *Ingestion) events() bool { return s.CloudTrail || s.CustomEvents }
func (s *Ingestion) any() bool    { return s.Queue || s.files() || s.events() }

var (
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	accountID  = regexp.MustCompile(`^[0-9]{12}$`)
	keyARN     = regexp.MustCompile(`^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$`)
)

func (s *Ingestion) check() []string {
	var p []string
	bad := func(cond bool, text string) {
		if cond {
			p = append(p, text)
		}
	}
	all := func(list []string, form *regexp.Regexp) bool {
		return !slices.ContainsFunc(list, func(v string) bool { return !form.MatchString(v) })
	}
	bad(!all(s.Buckets, bucketName), "ingestBuckets must be names of buckets")
	bad(!all(s.Keys, keyARN), "ingestKeys must be ARNs of KMS keys (arn:aws:kms:REGION:ACCOUNT:key/ID)")
	bad(!all(s.Accounts, accountID), "ingestAccounts must be account IDs of 12 digits")
	bad(len(s.Keys) > 0 && len(s.Buckets) == 0, "ingestKeys are those of ingestBuckets")
	bad(len(s.Accounts) > 0 && !s.events(), "ingestAccounts needs ingestCloudTrail or ingestCustomEvents")
	bad(s.ReadEvents && !s.CloudTrail, "ingestReadEvents needs ingestCloudTrail")
	bad(s.Concurrency < 2 || s.Concurrency > 1000, "ingestConcurrency must be 2 to 1000")
	for name, pat := range map[string]pattern{"cloudTrailPattern": s.CloudTrailPattern, "customPattern": s.CustomPattern} {
		if problem := pat.check(); problem != "" {
			p = append(p, name+": "+problem)
		}
	}
	if _, err := s.mappings(); err != nil {
		p = append(p, err.Error())
	}
	return p
}

// patternKeys are the fields of an event that a pattern may name at its top.
var patternKeys = []string{"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail", "$or"}

// check finds what EventBridge would refuse only when it is deployed, or would
// accept as a pattern that never matches.
func (p pattern) check() string {
	if len(p) == 0 {
		return "an empty pattern would take every event of the account"
	}
	for key := range p {
		if !slices.Contains(patternKeys, key) {
			return fmt.Sprintf("no event has a field %q", key)
		}
	}
	return checkPattern("", map[string]any(p))
}

func checkPattern(path string, v any) string {
	switch v := v.(type) {
	case map[string]any:
		for key, nested := range v {
			if problem := checkPattern(strings.TrimPrefix(path+"."+key, "."), nested); problem != "" {
				return problem
			}
		}
		return ""
	case []any:
		if len(v) > 0 {
			return ""
		}
	}
	return path + " must be a list of values, as patterns of EventBridge have it"
}

// mappings lists the files of the folder with rules.
func (s *Ingestion) mappings() ([]string, error) {
	if s.Mapping == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(s.Mapping)
	if err != nil {
		return nil, fmt.Errorf("ingestMapping must be a folder with rules: %w", err)
	}
	var names []string
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); e.Type().IsRegular() && (ext == ".yaml" || ext == ".yml") {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("ingestMapping: %s has no .yaml file", s.Mapping)
	}
	return names, nil
}
