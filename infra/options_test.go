package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"docket/shared/environment"
)

// only is the one resource of a type.
func only(t *testing.T, a assembly, kind string) map[string]any {
	t.Helper()
	found := a.api.of(kind)
	if len(found) != 1 {
		t.Fatalf("%d of %s; want 1", len(found), kind)
	}
	for _, r := range found {
		return r.Properties
	}
	return nil
}

// TestOptionsAreOff: what costs money or needs something of the customer's is
// not there unless it is asked for.
func TestOptionsAreOff(t *testing.T) {
	for _, kind := range []string{"AWS::ApiGateway::DomainName", "AWS::ApiGateway::BasePathMapping", "AWS::WAFv2::WebACL", "AWS::WAFv2::WebACLAssociation", "AWS::SNS::Subscription"} {
		if n := len(synthesized.api.of(kind)); n != 0 {
			t.Errorf("%d of %s", n, kind)
		}
	}
	if only(t, synthesized, "AWS::ApiGateway::RestApi")["DisableExecuteApiEndpoint"] == true {
		t.Error("nobody can reach the API")
	}
}

func TestCustomDomain(t *testing.T) {
	domain := only(t, optional, "AWS::ApiGateway::DomainName")
	if domain["DomainName"] != "audit.example.com" || domain["SecurityPolicy"] != "TLS_1_2" || domain["RegionalCertificateArn"] != options["certificateArn"] ||
		text(domain["EndpointConfiguration"]) != `{"Types":["REGIONAL"]}` {
		t.Errorf("domain: %s", text(domain))
	}
	if at(domain, "MutualTlsAuthentication", "TruststoreUri") != options["trustStoreUri"] {
		t.Errorf("trust store: %s", text(domain["MutualTlsAuthentication"]))
	}
	mapping := only(t, optional, "AWS::ApiGateway::BasePathMapping")
	if mapping["BasePath"] != "netwrix" || mapping["Stage"] == nil || mapping["RestApiId"] == nil {
		t.Errorf("mapping: %s: the contract's paths would not hold", text(mapping))
	}
	// Without this, a client without a certificate goes round by the other name.
	if only(t, optional, "AWS::ApiGateway::RestApi")["DisableExecuteApiEndpoint"] != true {
		t.Error("the API can be reached without a client certificate")
	}
	if at(optional.api.Outputs, "DomainUrl", "Value") != "https://audit.example.com" || optional.api.Outputs["DomainTarget"] == nil {
		t.Errorf("outputs: %s", text(optional.api.Outputs))
	}
}

// TestFirewallLetsRecordsIn: no rule that looks at bodies refuses.
func TestFirewallLetsRecordsIn(t *testing.T) {
	acl := only(t, optional, "AWS::WAFv2::WebACL")
	rules := acl["Rules"].([]any)
	if len(rules) != 1 || acl["Scope"] != "REGIONAL" {
		t.Fatalf("firewall: %s", text(acl))
	}
	group := at(rules[0], "Statement", "ManagedRuleGroupStatement")
	if at(group, "Name") != "AWSManagedRulesCommonRuleSet" {
		t.Fatalf("rules: %s", text(group))
	}
	var counting []string
	for _, o := range at(group, "RuleActionOverrides").([]any) {
		if at(o, "ActionToUse", "Count") == nil {
			t.Errorf("%s does not count", text(o))
		}
		counting = append(counting, at(o, "Name").(string))
	}
	// The rules of the group that inspect bodies, as its documentation lists them,
	// and the one that refuses clients which name themselves not.
	for _, rule := range []string{"SizeRestrictions_BODY", "EC2MetaDataSSRF_BODY", "GenericLFI_BODY", "GenericRFI_BODY", "CrossSiteScripting_BODY", "NoUserAgent_HEADER"} {
		if !slices.Contains(counting, rule) {
			t.Errorf("%s blocks", rule)
		}
	}
	if to := text(only(t, optional, "AWS::WAFv2::WebACLAssociation")["ResourceArn"]); !strings.Contains(to, "/stages/") {
		t.Errorf("the firewall is before %s", to)
	}
}

func TestSettingsReachTheTemplate(t *testing.T) {
	sub := only(t, optional, "AWS::SNS::Subscription")
	if sub["Protocol"] != "email" || sub["Endpoint"] != "oncall@example.com" {
		t.Errorf("subscription: %s", text(sub))
	}
	stage := only(t, optional, "AWS::ApiGateway::Stage")
	method := stage["MethodSettings"].([]any)[0]
	if at(method, "ThrottlingRateLimit") != 7.0 || at(method, "ThrottlingBurstLimit") != 9.0 {
		t.Errorf("throttling: %s", text(method))
	}
	for id, r := range optional.api.of("AWS::Logs::LogGroup") {
		if r.Properties["RetentionInDays"] != 30.0 {
			t.Errorf("%s keeps logs %v days", id, r.Properties["RetentionInDays"])
		}
	}
	variables := map[string]string{}
	for id, r := range optional.api.of("AWS::Lambda::Function") {
		for k, v := range at(r.Properties, "Environment", "Variables").(map[string]any) {
			if value, ok := v.(string); ok {
				variables[k] = value
			}
		}
		if strings.HasPrefix(id, "enum") || strings.HasPrefix(id, "search") {
			if r.Properties["MemorySize"] != 3008.0 {
				t.Errorf("%s has %v MiB", id, r.Properties["MemorySize"])
			}
		}
	}
	want := map[string]string{environment.Schemes: "negotiate,basic", environment.TimeZone: "Europe/Zurich", environment.LogLevel: "debug",
		environment.RecordsTable: "restored-records", environment.DirectoryTable: "restored-directory",
		environment.Realms: `["CORP.EXAMPLE=Corp"]`, environment.GroupSIDs: `["S-1-5-21-1-2-3-4=A, B"]`}
	if !reflect.DeepEqual(variables, want) {
		t.Errorf("variables %v; want %v", variables, want)
	}
}

// TestRestoredTables: functions and command line use the table that was restored,
// and the one of before stays.
func TestRestoredTables(t *testing.T) {
	kept := maps.Clone(optional.data.Resources)
	maps.DeleteFunc(kept, func(id string, _ resource) bool { return strings.HasPrefix(id, "Keytab") })
	if !reflect.DeepEqual(kept, synthesized.data.Resources) {
		t.Error("naming a restored table changes what the data stack holds")
	}
	for output, want := range map[string]string{"RecordsTableName": "restored-records", "DirectoryTableName": "restored-directory"} {
		if got := at(optional.data.Outputs, output, "Value"); got != want {
			t.Errorf("%s is %v; want %s", output, got, want)
		}
	}
	for id, r := range optional.api.of("AWS::Lambda::Function") {
		table := at(r.Properties, "Environment", "Variables", environment.RecordsTable)
		if strings.HasPrefix(id, "enum") && table == nil {
			t.Errorf("%s has no table", id)
		}
		if table != nil && !strings.Contains(text(table), "restored-records") {
			t.Errorf("%s uses %s", id, text(table))
		}
	}
	for name, output := range synthesized.data.Outputs {
		if at(output, "Export") != nil && text(at(optional.data.Outputs[name], "Value")) != text(at(output, "Value")) {
			t.Errorf("export %s goes away before the functions let go of it: the deployment would fail", name)
		}
	}
	granted := 0
	for _, r := range optional.api.of("AWS::IAM::Policy") {
		if strings.Contains(text(r.Properties), "table/restored-records") {
			granted++
		}
	}
	if granted != 4 {
		t.Errorf("%d functions may use the restored table; want enum, search, write and compact", granted)
	}
}

// TestCompactionIsScheduled: every five minutes, once, by one instance, unless the
// account has none to spare.
func TestCompactionIsScheduled(t *testing.T) {
	rule := only(t, synthesized, "AWS::Events::Rule")
	if rule["ScheduleExpression"] != "rate(5 minutes)" || !strings.Contains(text(rule["Targets"]), `"compact`) || !strings.Contains(text(rule["Targets"]), `"MaximumRetryAttempts":0`) {
		t.Errorf("rule %s", text(rule))
	}
	if only(t, synthesized, "AWS::Lambda::EventInvokeConfig")["MaximumRetryAttempts"] != 0.0 {
		t.Error("a failed compaction is tried again at once")
	}
	for _, c := range []struct {
		of       assembly
		reserved any
	}{{synthesized, 1.0}, {optional, nil}} {
		for id, r := range c.of.api.of("AWS::Lambda::Function") {
			if strings.HasPrefix(id, "compact") && (r.Properties["ReservedConcurrentExecutions"] != c.reserved || r.Properties["Timeout"].(float64) >= 300) {
				t.Errorf("reserved %v, timeout %v", r.Properties["ReservedConcurrentExecutions"], r.Properties["Timeout"])
			}
		}
	}
}

// TestAlarmsArrive: an encrypted topic takes nothing from CloudWatch unless both
// the topic's policy and that of its key say so.
func TestAlarmsArrive(t *testing.T) {
	alarms := synthesized.api.of("AWS::CloudWatch::Alarm")
	if len(alarms) != 7+2*len(functions) {
		t.Errorf("%d alarms", len(alarms))
	}
	for id, r := range alarms {
		if actions, ok := r.Properties["AlarmActions"].([]any); !ok || len(actions) != 1 {
			t.Errorf("%s tells nobody", id)
		}
	}
	allows := func(policy any, action string) bool {
		for _, s := range at(policy, "Statement").([]any) {
			if at(s, "Effect") == "Allow" && strings.Contains(text(at(s, "Principal", "Service")), `"cloudwatch.amazonaws.com"`) &&
				text(at(s, "Condition")) == `{"StringEquals":{"aws:SourceAccount":{"Ref":"AWS::AccountId"}}}` && strings.Contains(text(at(s, "Action")), action) {
				return true
			}
		}
		return false
	}
	for _, stack := range []assembly{synthesized, {api: optional.ingest}} {
		key := only(t, stack, "AWS::KMS::Key")["KeyPolicy"]
		topic := only(t, stack, "AWS::SNS::TopicPolicy")["PolicyDocument"]
		for action, policy := range map[string]any{"kms:Decrypt": key, "kms:GenerateDataKey": key, "sns:Publish": topic} {
			if !allows(policy, action) {
				t.Errorf("CloudWatch has no %s: %s", action, text(policy))
			}
		}
	}
}

// TestEveryAlarmIsExplained: docs/operations.md has a row for each.
func TestEveryAlarmIsExplained(t *testing.T) {
	raw, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	explained := map[string]bool{}
	for names := range rows(string(raw)) {
		for name := range strings.SplitSeq(names, ", ") {
			explained[strings.Trim(name, "`")] = true
		}
	}
	alarms := synthesized.api.of("AWS::CloudWatch::Alarm")
	maps.Copy(alarms, optional.ingest.of("AWS::CloudWatch::Alarm"))
	if len(alarms) < 9 {
		t.Errorf("%d alarms", len(alarms))
	}
	for id := range alarms {
		if name := id[:len(id)-8]; !explained[name] { // eight digits end each logical id
			t.Errorf("no row for %s", name)
		}
	}
}

// rows are a document's table rows: second cells by first cells.
func rows(document string) map[string]string {
	m := map[string]string{}
	lines := bufio.NewScanner(strings.NewReader(document))
	for lines.Scan() {
		cells := strings.Split(lines.Text(), "|")
		if len(cells) >= 4 {
			m[strings.TrimSpace(cells[1])] = strings.TrimSpace(cells[2])
		}
	}
	return m
}

// TestSettingsAreDocumented: docs/deployment.md has a row for each, with its
// default.
func TestSettingsAreDocumented(t *testing.T) {
	raw, err := os.ReadFile("../docs/deployment.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(raw), "## Settings")
	if !found {
		t.Fatal("no section Settings")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	documented := rows(section)
	d := defaults()
	want := map[string]any{}
	for key, target := range d.targets() {
		want[key] = reflect.ValueOf(target).Elem().Interface()
	}
	fields := 0
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Settings]()) {
		if !f.Anonymous {
			fields++
		}
	}
	if fields != len(want) {
		t.Fatalf("%d settings can be set of %d", len(want), fields)
	}
	for key, value := range want {
		cell := fmt.Sprintf("`%v`", value)
		switch v := value.(type) {
		case string:
			if v == "" {
				cell = "none"
			}
		case []string:
			if len(v) == 0 {
				cell = "none"
			}
		case pattern:
			cell = "below"
			if !patternIsShown(t, string(raw), key, v) {
				t.Errorf("the default of %s is not shown", key)
			}
		}
		if documented["`"+key+"`"] != cell {
			t.Errorf("%s is documented with default %q; want %q", key, documented["`"+key+"`"], cell)
		}
	}
	for name := range documented {
		if key := strings.Trim(name, "`"); key != name {
			if _, ok := want[key]; !ok {
				t.Errorf("%s is documented and no setting", key)
			}
		}
	}
}

// patternIsShown finds a JSON block of a document that is this one setting.
func patternIsShown(t *testing.T, document, key string, want pattern) bool {
	t.Helper()
	for block := range strings.SplitSeq(document, "```") {
		var shown map[string]pattern
		body, isJSON := strings.CutPrefix(block, "json")
		if isJSON && json.Unmarshal([]byte(body), &shown) == nil && reflect.DeepEqual(shown[key], want) {
			return true
		}
	}
	return false
}

// TestTheFileSaysTheDefaults: cdk.json shows what holds anyway, for people who
// want to change it.
func TestTheFileSaysTheDefaults(t *testing.T) {
	raw, err := os.ReadFile("../cdk.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Context struct{ Docket map[string]any }
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	s := defaults()
	for key, value := range file.Context.Docket {
		if problem := s.set(key, value); problem != "" {
			t.Error(problem)
		}
	}
	if !reflect.DeepEqual(s, defaults()) {
		t.Errorf("cdk.json makes %+v; the defaults are %+v", s, defaults())
	}
}

// TestKeytab: one secret more, which the authorizer alone may read, and what it needs
// beside it.
func TestKeytab(t *testing.T) {
	if n := len(synthesized.data.of("AWS::SecretsManager::Secret")); n != 1 {
		t.Errorf("%d secrets without a keytab", n)
	}
	secrets := optional.data.of("AWS::SecretsManager::Secret")
	keytab := ""
	for id, r := range secrets {
		if strings.HasPrefix(id, "Keytab") {
			keytab = id
			if r.DeletionPolicy != "Retain" || r.Properties["KmsKeyId"] == nil || optional.data.Outputs["KeytabArn"] == nil {
				t.Errorf("the keytab's secret: %+v, %v", r, optional.data.Outputs["KeytabArn"])
			}
		}
	}
	if len(secrets) != 2 || keytab == "" {
		t.Fatalf("%d secrets, keytab %q", len(secrets), keytab)
	}
	readers := 0
	for id, r := range optional.api.of("AWS::IAM::Policy") {
		if strings.Contains(text(r.Properties), "Ref"+keytab) {
			readers++
			if !strings.HasPrefix(id, "authorizer") || strings.Contains(text(r.Properties), "secretsmanager:Put") {
				t.Errorf("%s may use the keytab: %s", id, text(r.Properties))
			}
		}
	}
	if readers != 1 {
		t.Errorf("%d roles may read the keytab", readers)
	}
	for id, r := range optional.api.of("AWS::Lambda::Function") {
		vars, _ := at(r.Properties, "Environment", "Variables").(map[string]any)
		if strings.HasPrefix(id, "authorizer") {
			if vars[environment.Realms] != `["CORP.EXAMPLE=Corp"]` || vars[environment.GroupSIDs] != `["S-1-5-21-1-2-3-4=A, B"]` || vars[environment.KeytabSecret] == nil {
				t.Errorf("the authorizer's variables: %v", vars)
			}
		} else if vars[environment.KeytabSecret] != nil || vars[environment.Realms] != nil {
			t.Errorf("%s has variables of the authorizer's", id)
		}
	}
}
