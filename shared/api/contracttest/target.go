package contracttest

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// Target is a running Docket.
type Target struct {
	URL    string // without a trailing slash and without a path
	Client *http.Client
	// Differs names tests that cannot hold for this target, with the reason,
	// which is printed.
	Differs map[string]string
	// Recognise switches, as an administrator does, whether repeated bodies of an
	// account are recognised. The server may take note of it a little later.
	Recognise func(account string, on bool) error
}

// The demo accounts (contract, section 9).
var (
	admin       = account{`Enterprise\NetwrixUser`, "NetwrixIsCool"}
	reviewer    = account{`Enterprise\Reviewer`, "ReviewerIsCool"}
	contributor = account{`Enterprise\Contributor`, "ContributorIsCool"}
	nobody      = account{}
)

// The demo's plan for API data and group.
const (
	apiPlan   = "Integrations and custom sources"
	demoGroup = `Enterprise\Administrators`
)

const (
	root       = "/netwrix/api/v1/activity_records"
	enumPath   = root + "/enum"
	searchPath = root + "/search"
	writePath  = root + "/"
	jsonFormat = "?format=json"
)

type account struct{ name, password string }

// suite is a target and the test that uses it.
type suite struct {
	*testing.T
	Target
}

// reply is a whole answer.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// header is a request header; a nil map sends none.
type header map[string]string

// send sends one request as it is given.
func (s suite) send(who account, method, path string, h header, body []byte) reply {
	s.Helper()
	req, err := http.NewRequest(method, s.URL+path, bytes.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	req.Header.Set("User-Agent", "contracttest") // which is offered everything
	if who != nobody {
		req.SetBasicAuth(who.name, who.password)
	}
	for k, v := range h {
		req.Header.Set(k, v)
	}
	resp, err := s.Client.Do(req)
	if err != nil {
		s.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.Fatalf("%s %s: read answer: %v", method, path, err)
	}
	if resp.Header.Get("X-Request-Id") == "" {
		s.Errorf("%s %s: section 6: every answer carries X-Request-Id", method, path)
	}
	return reply{resp.StatusCode, resp.Header, b}
}

func (s suite) post(who account, path, body string) reply {
	s.Helper()
	return s.send(who, http.MethodPost, path, nil, []byte(body))
}

// record is an activity record as a JSON client sees it.
type record struct {
	RID            string
	Who            string
	Where          string
	ObjectType     string
	What           string
	Action         string
	When           string
	MonitoringPlan *plan `json:",omitempty"`
	DataSource     string
	Item           *named `json:",omitempty"`
	Workstation    string
	DetailList     []detail
}

type plan struct{ Name, ID string }
type named struct{ Name string }
type detail struct {
	PropertyName string
	Message      string
	Before       string
	After        string
}

// page is a JSON answer of enum and search.
type page struct {
	ActivityRecordList []record
	ContinuationMark   string
}

// page checks that a reply is a JSON page.
func (s suite) page(r reply) page {
	s.Helper()
	if r.status != http.StatusOK {
		s.Fatalf("status %d, body %.300s; want a page", r.status, r.body)
	}
	dec := json.NewDecoder(bytes.NewReader(r.body))
	dec.DisallowUnknownFields()
	var p page
	if err := dec.Decode(&p); err != nil {
		s.Fatalf("page: %v in %.300s", err, r.body)
	}
	if p.ContinuationMark == "" {
		s.Error("section 2: the mark is always there")
	}
	if p.ActivityRecordList == nil {
		s.Error("section 2: ActivityRecordList is always there")
	}
	return p
}

// xmlPage is an XML answer of enum and search, read with encoding/xml.
type xmlPage struct {
	XMLName xml.Name    `xml:"http://schemas.netwrix.com/api/v1/activity_records/ ActivityRecordList"`
	Mark    string      `xml:"ContinuationMark"`
	Records []xmlRecord `xml:"ActivityRecord"`
}

type xmlRecord struct {
	RID, Who, Where, ObjectType, What, Action, When, DataSource, Workstation string

	MonitoringPlan *plan
	Item           *named
	DetailList     *struct{ Detail []detail }
}

func (s suite) xmlPage(r reply) xmlPage {
	s.Helper()
	if r.status != http.StatusOK {
		s.Fatalf("status %d, body %.300s; want a page", r.status, r.body)
	}
	var p xmlPage
	if err := xml.Unmarshal(r.body, &p); err != nil {
		s.Fatalf("page: %v in %.300s", err, r.body)
	}
	if p.Mark == "" {
		s.Error("section 2: the mark is always there")
	}
	return p
}

// apiError is one entry of an error answer.
type apiError struct{ Category, Description, Location string }

// refused checks that a reply is a JSON or XML error of a status and returns
// its entries.
func (s suite) refused(r reply, status int) []apiError {
	s.Helper()
	if r.status != status {
		s.Fatalf("status %d, body %.300s; want %d", r.status, r.body, status)
	}
	var list struct {
		XMLName   xml.Name   `xml:"http://schemas.netwrix.com/api/v1/ ErrorList" json:"-"`
		ErrorList []apiError `xml:"Error"`
	}
	var err error
	if strings.HasPrefix(r.header.Get("Content-Type"), "application/json") {
		err = json.Unmarshal(r.body, &list)
	} else {
		err = xml.Unmarshal(r.body, &list)
	}
	if err != nil || len(list.ErrorList) == 0 {
		s.Fatalf("error answer: %v, %d entries in %.300s", err, len(list.ErrorList), r.body)
	}
	return list.ErrorList
}

// invalid is refused with 400 and one category.
func (s suite) invalid(r reply, category string) []apiError {
	s.Helper()
	list := s.refused(r, http.StatusBadRequest)
	for _, e := range list {
		if e.Category != category || e.Description == "" {
			s.Errorf("error %+v; want category %s and a description", e, category)
		}
	}
	return list
}

// empty checks a status with an empty body.
func (s suite) empty(r reply, status int) {
	s.Helper()
	if r.status != status || len(r.body) != 0 || r.header.Get("Content-Length") != "0" {
		s.Errorf("status %d, Content-Length %q, body %.200q; want an empty %d", r.status, r.header.Get("Content-Length"), r.body, status)
	}
}

// unique is a text that no record has had before.
func (s suite) unique() string {
	s.Helper()
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		s.Fatal(err)
	}
	return "t" + hex.EncodeToString(b[:])
}

// sample is a valid record to be written, as JSON fields.
func sample(tag string) map[string]any {
	return map[string]any{
		"Who": `Enterprise\` + tag, "Where": "server1.enterprise.local", "ObjectType": "User",
		"What": `\local\enterprise\Users\` + tag, "Action": "Added", "When": "2026-03-04T05:06:07Z",
	}
}

// with is a copy of a record with other fields; a nil value removes one.
func with(r map[string]any, fields ...any) map[string]any {
	m := map[string]any{}
	for k, v := range r {
		m[k] = v
	}
	for i := 0; i < len(fields); i += 2 {
		if k := fields[i].(string); fields[i+1] == nil {
			delete(m, k)
		} else {
			m[k] = fields[i+1]
		}
	}
	return m
}

func (s suite) json(v any) string {
	s.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		s.Fatal(err)
	}
	return string(b)
}

// write stores records as the Global administrator.
func (s suite) write(records ...map[string]any) {
	s.Helper()
	r := s.post(admin, writePath+jsonFormat, s.json(records))
	s.empty(r, http.StatusOK)
}

// search runs a JSON search to its end, page by page, and returns the records
// and the last mark.
func (s suite) search(who account, filters map[string]any, count int) ([]record, string) {
	s.Helper()
	return s.searchOn(who, filters, count, "")
}

func (s suite) searchOn(who account, filters map[string]any, count int, mark string) ([]record, string) {
	s.Helper()
	var all []record
	for {
		body := map[string]any{"FilterList": filters}
		if mark != "" {
			body["ContinuationMark"] = mark
		}
		p := s.page(s.post(who, fmt.Sprintf("%s?format=json&count=%d", searchPath, count), s.json(body)))
		mark = p.ContinuationMark
		if len(p.ActivityRecordList) == 0 {
			return all, mark
		}
		if len(p.ActivityRecordList) > count {
			s.Fatalf("a page of %d records; asked for %d", len(p.ActivityRecordList), count)
		}
		all = append(all, p.ActivityRecordList...)
	}
}

// enum goes on from a mark ("" is the beginning) to the end.
func (s suite) enum(who account, mark string, count int) ([]record, string) {
	s.Helper()
	var all []record
	for {
		path := fmt.Sprintf("%s?format=json&count=%d", enumPath, count)
		var r reply
		if mark == "" {
			r = s.send(who, http.MethodGet, path, nil, nil)
		} else {
			r = s.post(who, path, s.json(mark))
		}
		p := s.page(r)
		mark = p.ContinuationMark
		if len(p.ActivityRecordList) == 0 {
			return all, mark
		}
		all = append(all, p.ActivityRecordList...)
	}
}

// end is a mark that has everything up to now behind it.
func (s suite) end() string {
	s.Helper()
	_, mark := s.enum(admin, "", 100_000)
	return mark
}

func whats(list []record) []string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = list[i].What
	}
	return out
}
