package contracttest

import (
	"net/http"
	"regexp"
	"strings"
	"time"
)

var records = map[string]func(suite){
	"all fields come back":            allFields,
	"every action":                    everyAction,
	"required fields":                 requiredFields,
	"lengths in characters":           lengths,
	"plans":                           plans,
	"items carry their type":          items,
	"archive-only records are hidden": archiveOnly,
	"an export can be posted back":    postedBack,
	"all or nothing, with locations":  allOrNothing,
	"retries with a key are safe":     idempotency,
	"repeats can be recognised":       repeats,
	"optional fields may be null":     optionalNull,
}

func allFields(s suite) {
	tag := s.unique()
	s.write(with(sample(tag), "MonitoringPlan", map[string]any{"Name": apiPlan}, "Item", map[string]any{"Name": "web01"},
		"DataSource", "ignored", "Workstation", "ws1", "DetailList", []any{
			map[string]any{"PropertyName": "Title", "Before": "a", "After": "b"},
			map[string]any{"PropertyName": "Only"},
		}))
	list, _ := s.search(admin, map[string]any{"Who": tag}, 10)
	if len(list) != 1 {
		s.Fatalf("%d records; want 1", len(list))
	}
	r := list[0]
	if !regexp.MustCompile(`^[0-9]{17}[0-9A-Fa-f]{32}$`).MatchString(r.RID) {
		s.Errorf("RID %q", r.RID)
	}
	if r.Who != `Enterprise\`+tag || r.Where != "server1.enterprise.local" || r.ObjectType != "User" || r.Action != "Added" ||
		r.What != `\local\enterprise\Users\`+tag || r.When != "2026-03-04T05:06:07Z" || r.Workstation != "ws1" {
		s.Errorf("%+v", r)
	}
	if r.DataSource != "Netwrix API" {
		s.Errorf("DataSource %q; want Netwrix API", r.DataSource)
	}
	if r.MonitoringPlan == nil || r.MonitoringPlan.Name != apiPlan || r.MonitoringPlan.ID == "" {
		s.Errorf("MonitoringPlan %+v; output has both name and ID", r.MonitoringPlan)
	}
	if r.Item == nil || r.Item.Name != "web01 (Integration)" {
		s.Errorf("Item %+v", r.Item)
	}
	if len(r.DetailList) != 2 || r.DetailList[0] != (detail{PropertyName: "Title", Before: "a", After: "b"}) || r.DetailList[1] != (detail{PropertyName: "Only"}) {
		s.Errorf("DetailList %+v", r.DetailList)
	}
}

var actions = []string{
	"Added", "Removed", "Modified", "Read", "Moved", "Renamed", "Checked in", "Checked out", "Discard check out", "Successful Logon",
	"Failed Logon", "Logoff", "Copied", "Sent", "Session start", "Session end", "Activated",
	"Add (Failed Attempt)", "Remove (Failed Attempt)", "Modify (Failed Attempt)", "Read (Failed Attempt)", "Move (Failed Attempt)", "Rename (Failed Attempt)",
}

func everyAction(s suite) {
	tag := s.unique()
	for _, a := range actions {
		s.write(with(sample(tag), "Action", a))
		if list, _ := s.search(admin, map[string]any{"Who": tag, "Action": a}, 10); len(list) != 1 || list[0].Action != a {
			s.Errorf("%s: %+v", a, list)
		}
	}
	for _, bad := range []string{"", "added", "ADDED", "Deleted", "Added ", "Add", "Checked In", "Read(Failed Attempt)"} {
		s.invalid(s.post(admin, writePath+jsonFormat, s.json([]any{with(sample(tag), "Action", bad)})), "InputError")
	}
}

func requiredFields(s suite) {
	tag := s.unique()
	for _, name := range []string{"Who", "Where", "ObjectType", "What", "Action", "When"} {
		for _, value := range []any{nil, "", "   ", "\t\n", "\u00a0"} {
			list := s.invalid(s.post(admin, writePath+jsonFormat, s.json([]any{with(sample(tag), name, value)})), "InputError")
			if !strings.Contains(list[0].Description+list[0].Location, name) {
				s.Errorf("%s %q: %+v does not name it", name, value, list[0])
			}
		}
	}
	s.invalid(s.post(admin, writePath+jsonFormat, s.json([]any{with(sample(tag), "DetailList", []any{map[string]any{"Before": "x"}})})), "InputError")
	s.invalidAny(s.post(admin, writePath, strings.Replace(xmlBatch(tag), "<Where>server1</Where>", "", 1)))
}

func lengths(s suite) {
	tag := s.unique()
	for _, name := range []string{"Who", "Where", "ObjectType"} {
		for _, c := range []string{"x", "é", "\U0001F600"} {
			s.write(with(sample(tag), name, strings.Repeat(c, 255)))
			s.invalid(s.post(admin, writePath+jsonFormat, s.json([]any{with(sample(tag), name, strings.Repeat(c, 256))})), "InputError")
		}
	}
	s.write(with(sample(tag), "DetailList", []any{map[string]any{"PropertyName": strings.Repeat("é", 255)}}))
	s.invalid(s.post(admin, writePath+jsonFormat, s.json([]any{with(sample(tag), "DetailList", []any{map[string]any{"PropertyName": strings.Repeat("é", 256)}})})), "InputError")
	s.invalid(s.post(admin, writePath+jsonFormat, s.json([]any{with(sample(tag), "MonitoringPlan", map[string]any{"Name": strings.Repeat("x", 256)})})), "InputError")
	s.write(with(sample(tag), "What", strings.Repeat("w", 100_000)))
}

func plans(s suite) {
	tag := s.unique()
	byName := map[string]any{"Name": apiPlan}
	s.write(with(sample(tag), "MonitoringPlan", byName))
	list, _ := s.search(admin, map[string]any{"Who": tag}, 1)
	id := list[0].MonitoringPlan.ID
	for _, p := range []map[string]any{{"ID": id}, {"ID": id, "Name": apiPlan}, {"Name": apiPlan, "ID": nil}} {
		s.write(with(sample(tag), "MonitoringPlan", p))
	}
	if list, _ := s.search(admin, map[string]any{"Who": tag, "MonitoringPlan": map[string]any{"Equals": apiPlan}}, 10); len(list) != 4 {
		s.Errorf("%d records in the plan; want 4", len(list))
	}
	for _, p := range []any{
		map[string]any{"Name": "no such plan"}, map[string]any{"ID": "no such plan"}, map[string]any{"Name": "other", "ID": id},
		map[string]any{"Name": apiPlan, "ID": "00000000-0000-0000-0000-000000000000"}, map[string]any{"Name": "theshire.local"},
	} {
		list := s.invalid(s.post(admin, writePath+jsonFormat, s.json([]any{sample(tag), with(sample(tag), "MonitoringPlan", p)})), "InputError")
		if !strings.Contains(list[0].Location, "MonitoringPlan") || !strings.Contains(list[0].Location, "2") {
			s.Errorf("%v: location %q", p, list[0].Location)
		}
	}
}

func items(s suite) {
	for in, out := range map[string]string{"web01": "web01 (Integration)", "web01 (Integration)": "web01 (Integration)", "x (Domain)": "x (Domain) (Integration)"} {
		tag := s.unique()
		s.write(with(sample(tag), "Item", map[string]any{"Name": in}))
		list, _ := s.search(admin, map[string]any{"Who": tag}, 1)
		if len(list) != 1 || list[0].Item == nil || list[0].Item.Name != out {
			s.Errorf("Item %q: %+v; want %q", in, list, out)
		}
		if list, _ := s.search(admin, map[string]any{"Who": tag, "Item": map[string]any{"Equals": out}}, 1); len(list) != 1 {
			s.Errorf("Item Equals %q finds nothing", out)
		}
	}
}

func archiveOnly(s suite) {
	tag := s.unique()
	before := s.end()
	s.write(with(sample(tag), "IsArchiveOnly", true), with(sample(tag), "IsArchiveOnly", false, "What", "shown"))
	if list, _ := s.search(admin, map[string]any{"Who": tag}, 10); len(list) != 1 || list[0].What != "shown" {
		s.Errorf("search: %q; want only the other one", whats(list))
	}
	if list, _ := s.enum(admin, before, 10); len(list) != 1 || list[0].What != "shown" {
		s.Errorf("enum: %q; want only the other one", whats(list))
	}
	s.write(with(sample(tag), "IsArchiveOnly", true, "What", "hidden"))
	if list, _ := s.enum(admin, before, 10); len(list) != 1 {
		s.Errorf("enum: %q after an archive-only write", whats(list))
	}
	for _, bad := range []any{"true", 1, "yes"} {
		s.invalidAny(s.post(admin, writePath+jsonFormat, s.json([]any{with(sample(tag), "IsArchiveOnly", bad)})))
	}
	for _, v := range []string{"true", "1", "false", "0"} {
		body := strings.Replace(xmlBatch(tag), "<Where>", "<IsArchiveOnly>"+v+"</IsArchiveOnly><Where>", 1)
		s.empty(s.post(admin, writePath, body), http.StatusOK)
	}
	s.invalidAny(s.post(admin, writePath, strings.Replace(xmlBatch(tag), "<Where>", "<IsArchiveOnly>yes</IsArchiveOnly><Where>", 1)))
}

func postedBack(s suite) {
	tag := s.unique()
	s.write(with(sample(tag), "Item", map[string]any{"Name": "web01"}, "DetailList", []any{map[string]any{"PropertyName": "p", "After": "x"}}), sample(tag))
	q := map[string]any{"FilterList": map[string]any{"Who": tag}}
	asJSON := s.post(admin, searchPath+jsonFormat, s.json(q))
	asXML := s.post(admin, searchPath, xmlSearch("<FilterList><Who>"+tag+"</Who></FilterList>"))
	s.page(asJSON)
	s.empty(s.send(admin, http.MethodPost, writePath+jsonFormat, nil, asJSON.body), http.StatusOK)
	s.empty(s.send(admin, http.MethodPost, writePath, nil, asXML.body), http.StatusOK)
	list, _ := s.search(admin, map[string]any{"Who": tag}, 100)
	rids := map[string]bool{}
	for _, r := range list {
		rids[r.RID] = true
		if r.DataSource != "Netwrix API" || (r.Item != nil && r.Item.Name != "web01 (Integration)") {
			s.Errorf("%+v", r)
		}
	}
	if len(list) != 6 || len(rids) != 6 {
		s.Errorf("%d records with %d RIDs; want 6 different ones", len(list), len(rids))
	}
}

func allOrNothing(s suite) {
	tag := s.unique()
	before := s.end()
	body := s.json([]any{sample(tag), with(sample(tag), "Who", nil, "Action", "Zap"), sample(tag), with(sample(tag), "When", "x")})
	list := s.invalid(s.post(admin, writePath+jsonFormat, body), "InputError")
	if len(list) != 3 {
		s.Errorf("%d errors; want one per problem: %+v", len(list), list)
	}
	for _, e := range list {
		if !strings.HasPrefix(e.Location, "/ActivityRecordList") || !(strings.Contains(e.Location, "[2]") || strings.Contains(e.Location, "[4]")) {
			s.Errorf("location %q; want the record's place", e.Location)
		}
	}
	xmlBody := strings.Replace(xmlBatch(tag), "</ActivityRecordList>", "<ActivityRecord>"+strings.Replace(xmlElements(tag), "Added", "Zap", 1)+"</ActivityRecord></ActivityRecordList>", 1)
	if list := s.invalidAny(s.post(admin, writePath, xmlBody)); !strings.Contains(list[0].Location, "[2]") {
		s.Errorf("XML location %q", list[0].Location)
	}
	if list, _ := s.enum(admin, before, 10); len(list) != 0 {
		s.Errorf("%d records of refused batches are stored", len(list))
	}
}

func idempotency(s suite) {
	tag, key := s.unique(), s.unique()
	body := s.json([]any{sample(tag)})
	h := header{"Idempotency-Key": key}
	for range 3 {
		s.empty(s.send(admin, http.MethodPost, writePath+jsonFormat, h, []byte(body)), http.StatusOK)
	}
	if list, _ := s.search(admin, map[string]any{"Who": tag}, 10); len(list) != 1 {
		s.Errorf("%d records after three tries; want 1", len(list))
	}
	other := s.json([]any{with(sample(tag), "What", "other")})
	s.invalid(s.send(admin, http.MethodPost, writePath+jsonFormat, h, []byte(other)), "InputError")
	s.empty(s.send(contributor, http.MethodPost, writePath+jsonFormat, h, []byte(other)), http.StatusOK)
	if list, _ := s.search(admin, map[string]any{"Who": tag}, 10); len(list) != 2 {
		s.Errorf("%d records; a key belongs to the account that sent it", len(list))
	}
	for _, bad := range []string{"", "a b", strings.Repeat("x", 201), "é"} {
		s.invalid(s.send(admin, http.MethodPost, writePath+jsonFormat, header{"Idempotency-Key": bad}, []byte(body)), "InputError")
	}
	s.empty(s.send(admin, http.MethodPost, writePath+jsonFormat, header{"Idempotency-Key": tag + strings.Repeat("~", 200-len(tag))}, []byte(body)), http.StatusOK)
	s.write(sample(tag))
	s.write(sample(tag))
	if list, _ := s.search(admin, map[string]any{"Who": tag}, 10); len(list) != 5 {
		s.Errorf("%d records; equal records without a key are distinct", len(list))
	}
}

// repeats are for writers that try again and cannot send a key.
func repeats(s suite) {
	stored := func() (n int) {
		tag := s.unique()
		body := s.json([]any{sample(tag)})
		for range 3 {
			s.empty(s.post(contributor, writePath+jsonFormat, body), http.StatusOK)
		}
		s.empty(s.post(contributor, writePath+jsonFormat, body+" "), http.StatusOK)
		s.empty(s.post(admin, writePath+jsonFormat, body), http.StatusOK)
		list, _ := s.search(admin, map[string]any{"Who": tag}, 10)
		return len(list)
	}
	// await waits until the server has taken note.
	await := func(on bool, want int) {
		if err := s.Recognise(contributor.name, on); err != nil {
			s.Fatal(err)
		}
		for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
			n := stored()
			if n == want {
				return
			}
			if time.Since(began) > time.Minute {
				s.Fatalf("%d records of four bodies of the contributor, of which three are the same, and one of the administrator; want %d with recognition %v", n, want, on)
			}
		}
	}
	await(true, 3)
	await(false, 5)
}

func optionalNull(s suite) {
	tag := s.unique()
	r := with(sample(tag), "MonitoringPlan", nil, "DetailList", nil)
	body := strings.Replace(s.json([]any{r}), "{", `{"MonitoringPlan":null,"Item":null,"DataSource":null,"Workstation":null,"IsArchiveOnly":null,"DetailList":null,`, 1)
	s.empty(s.post(admin, writePath+jsonFormat, body), http.StatusOK)
	if list, _ := s.search(admin, map[string]any{"Who": tag}, 10); len(list) != 1 {
		s.Errorf("%d records; want 1", len(list))
	}
}
