package contracttest

import (
	"net/http"
	"strings"
)

var refusals = map[string]func(suite){
	"errors are in the request's format": errorFormats,
	"401 is empty and has a challenge":   unauthorized,
	"413 is empty":                       tooLarge,
	"nothing of the inside shows":        nothingInside,
	"order of refusals":                  refusalOrder,
}

func errorFormats(s suite) {
	r := s.post(admin, searchPath+jsonFormat, `{`)
	if ct := r.header.Get("Content-Type"); !strings.HasPrefix(ct, "application/json") {
		s.Errorf("JSON: Content-Type %q", ct)
	}
	s.invalid(r, "JSONError")
	r = s.post(admin, searchPath, `<`)
	if ct := r.header.Get("Content-Type"); !strings.HasPrefix(ct, "application/xml") {
		s.Errorf("XML: Content-Type %q", ct)
	}
	s.invalid(r, "XMLError")
	r = s.send(admin, http.MethodPost, searchPath, header{"Content-Type": "application/json"}, []byte(`{"FilterList":{"Wo":"x"}}`))
	if ct := r.header.Get("Content-Type"); !strings.HasPrefix(ct, "application/json") {
		s.Errorf("declared JSON: Content-Type %q", ct)
	}
	s.invalid(r, "InputError")
}

func unauthorized(s suite) {
	for _, who := range []account{nobody, {admin.name, "wrong"}, {"nobody", "x"}, {"", "x"}, {admin.name, ""}, {admin.name, admin.password + " "}} {
		for _, c := range []struct{ method, path string }{{http.MethodGet, enumPath}, {http.MethodPost, enumPath}, {http.MethodPost, searchPath}, {http.MethodPost, writePath}} {
			r := s.send(who, c.method, c.path+"?format=nonsense", nil, []byte("<nonsense"))
			s.empty(r, http.StatusUnauthorized)
			challenge := strings.Join(r.header.Values("WWW-Authenticate"), ", ")
			for _, scheme := range []string{"Basic realm=", "Digest ", "algorithm=MD5", "algorithm=SHA-256", `qop="auth"`} {
				if !strings.Contains(challenge, scheme) {
					s.Errorf("challenge %q has no %s", challenge, scheme)
				}
			}
			if len(r.header.Values("WWW-Authenticate")) != 1 {
				s.Error("one WWW-Authenticate header carries all challenges")
			}
		}
	}
	a := s.send(nobody, http.MethodGet, enumPath, nil, nil).header.Get("WWW-Authenticate")
	if b := s.send(nobody, http.MethodGet, enumPath, nil, nil).header.Get("WWW-Authenticate"); a == b {
		s.Error("two answers carry the same nonce")
	}
}

func tooLarge(s suite) {
	body := []byte(`[` + strings.Repeat(" ", 51<<20) + `]`)
	r := s.send(admin, http.MethodPost, writePath+jsonFormat, nil, body)
	s.empty(r, http.StatusRequestEntityTooLarge)
	r = s.send(admin, http.MethodPost, writePath+jsonFormat, header{"Content-Encoding": "gzip"}, zip(body))
	s.empty(r, http.StatusRequestEntityTooLarge)
	bomb := zip(zip(make([]byte, 64<<20)))
	s.invalidAny(s.send(admin, http.MethodPost, writePath+jsonFormat, header{"Content-Encoding": "gzip"}, bomb))
}

func nothingInside(s suite) {
	for _, r := range []reply{
		s.post(admin, searchPath+jsonFormat, `{"FilterList":{"RID":{"Equals":"\u0000"}}}`),
		s.post(admin, enumPath+jsonFormat, `"AAAA"`),
		s.post(admin, writePath+jsonFormat, `[{}]`),
		s.send(admin, http.MethodPost, writePath, header{"Content-Encoding": "gzip"}, []byte("x")),
	} {
		for _, word := range []string{"goroutine", ".go:", "panic", "arn:", "dynamo", "bbolt", "shared/", "runtime", `"message"`} {
			if strings.Contains(strings.ToLower(string(r.body)), word) {
				s.Errorf("%q in %.300s", word, r.body)
			}
		}
		if server := r.header.Get("X-Powered-By"); server != "" {
			s.Errorf("X-Powered-By: %s", server)
		}
	}
}

func refusalOrder(s suite) {
	s.empty(s.send(nobody, http.MethodPut, root+"/nothing?count=x", nil, []byte("x")), http.StatusNotFound)
	s.empty(s.send(nobody, http.MethodPut, enumPath+"?count=x", nil, []byte("x")), http.StatusMethodNotAllowed)
	s.empty(s.send(nobody, http.MethodPost, enumPath+"?count=x", nil, []byte("x")), http.StatusUnauthorized)
	s.empty(s.send(contributor, http.MethodPost, enumPath+"?count=x", nil, []byte("x")), http.StatusUnauthorized)
	list := s.invalid(s.send(admin, http.MethodPost, enumPath+"?count=x", nil, []byte("x")), "InputError")
	if !strings.HasPrefix(list[0].Description, "Invalid count") {
		s.Errorf("%+v; want the query parameters before the body", list)
	}
}
