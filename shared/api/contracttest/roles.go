package contracttest

import "net/http"

var roles = map[string]func(suite){
	"who may do what":                    roleMatrix,
	"account names without case":         accountNames,
	"a reviewer sees only its plan":      reviewerScope,
	"a reviewer cannot tell what exists": reviewerCannotTell,
	"identity only from credentials":     forgedIdentity,
	"method only from the request line":  overriddenMethod,
}

func roleMatrix(s suite) {
	tag := s.unique()
	body := s.json([]any{sample(tag)})
	for _, c := range []struct {
		who         account
		read, write bool
	}{{admin, true, true}, {reviewer, true, false}, {contributor, false, true}} {
		status := func(ok bool) int {
			if ok {
				return http.StatusOK
			}
			return http.StatusUnauthorized
		}
		for _, r := range []struct {
			reply reply
			want  int
		}{
			{s.send(c.who, http.MethodGet, enumPath+"?count=1", nil, nil), status(c.read)},
			{s.post(c.who, searchPath+jsonFormat, `{"FilterList":{}}`), status(c.read)},
			{s.post(c.who, writePath+jsonFormat, body), status(c.write)},
		} {
			if r.reply.status != r.want {
				s.Errorf("%s: status %d; want %d", c.who.name, r.reply.status, r.want)
			}
			if r.want == http.StatusUnauthorized {
				s.empty(r.reply, r.want)
				if r.reply.header.Get("WWW-Authenticate") == "" {
					s.Errorf("%s: no challenge", c.who.name)
				}
			}
		}
	}
	if list, _ := s.search(admin, map[string]any{"Who": tag}, 10); len(list) != 2 {
		s.Errorf("%d records; want those of the administrator and the contributor", len(list))
	}
}

func accountNames(s suite) {
	for _, name := range []string{`Enterprise\NetwrixUser`, `enterprise\netwrixuser`, `ENTERPRISE\NETWRIXUSER`} {
		if r := s.send(account{name, admin.password}, http.MethodGet, enumPath+"?count=1", nil, nil); r.status != http.StatusOK {
			s.Errorf("%s: status %d; want 200", name, r.status)
		}
	}
}

func reviewerScope(s suite) {
	all, _ := s.search(admin, map[string]any{}, 100_000)
	byPlan := map[string]int{}
	for _, r := range all {
		if r.MonitoringPlan != nil {
			byPlan[r.MonitoringPlan.ID]++
		}
	}
	list, _ := s.search(reviewer, map[string]any{}, 1000)
	if len(list) == 0 || len(list) == len(all) {
		s.Fatalf("the reviewer sees %d of %d records", len(list), len(all))
	}
	scope := list[0].MonitoringPlan.ID
	for _, r := range list {
		if r.MonitoringPlan == nil || r.MonitoringPlan.ID != scope {
			s.Fatalf("outside its plan: %+v", r)
		}
	}
	if len(list) != byPlan[scope] {
		s.Errorf("search: %d records; the plan has %d", len(list), byPlan[scope])
	}
	if list, _ := s.enum(reviewer, "", 777); len(list) != byPlan[scope] {
		s.Errorf("enum: %d records; the plan has %d", len(list), byPlan[scope])
	}
}

func reviewerCannotTell(s suite) {
	tag := s.unique()
	s.write(with(sample(tag), "MonitoringPlan", map[string]any{"Name": apiPlan}))
	hidden, _ := s.search(admin, map[string]any{"Who": tag}, 1)
	for _, filters := range []map[string]any{
		{"MonitoringPlan": map[string]any{"Equals": apiPlan}}, {"MonitoringPlan": map[string]any{"Equals": "no such plan"}},
		{"RID": map[string]any{"Equals": hidden[0].RID}}, {"Who": tag},
	} {
		p := s.page(s.post(reviewer, searchPath+jsonFormat, s.json(map[string]any{"FilterList": filters})))
		if len(p.ActivityRecordList) != 0 {
			s.Errorf("%v: %d records outside the scope", filters, len(p.ActivityRecordList))
		}
	}
	a := s.page(s.post(reviewer, searchPath+jsonFormat, s.json(map[string]any{"FilterList": map[string]any{"MonitoringPlan": apiPlan}})))
	b := s.page(s.post(reviewer, searchPath+jsonFormat, s.json(map[string]any{"FilterList": map[string]any{"MonitoringPlan": "no such plan"}})))
	if len(a.ContinuationMark) != len(b.ContinuationMark) {
		s.Error("the length of the mark tells whether a plan exists")
	}
}

func forgedIdentity(s suite) {
	for _, name := range []string{"X-Remote-User", "X-Forwarded-User", "X-Amzn-Request-Context", "X-Account"} {
		r := s.send(nobody, http.MethodGet, enumPath, header{name: admin.name}, nil)
		s.empty(r, http.StatusUnauthorized)
	}
}

// overriddenMethod: a header is no way around the method of a request.
func overriddenMethod(s suite) {
	r := s.send(nobody, http.MethodGet, enumPath, header{"X-HTTP-Method-Override": "DELETE"}, nil)
	s.empty(r, http.StatusUnauthorized)
}
