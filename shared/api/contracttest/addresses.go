package contracttest

import (
	"net/http"
	"strings"
)

var addresses = map[string]func(suite){
	"with and without a trailing slash":   trailingSlash,
	"unknown paths are 404 for everybody": unknownPaths,
	"paths outside the API are 404":       outsidePaths,
	"wrong methods are 405 with Allow":    wrongMethods,
	"format and count":                    parameters,
	"count bounds a page":                 countBounds,
	"an empty page means the end":         emptyPage,
	"a write answers empty text":          writeAnswer,
}

func trailingSlash(s suite) {
	tag := s.unique()
	for _, path := range []string{root, root + "/"} {
		s.empty(s.post(admin, path+jsonFormat, s.json([]any{sample(tag)})), http.StatusOK)
	}
	for _, path := range []string{enumPath, enumPath + "/"} {
		s.page(s.send(admin, http.MethodGet, path+"?format=json&count=1", nil, nil))
	}
	for _, path := range []string{searchPath, searchPath + "/"} {
		p := s.page(s.post(admin, path+jsonFormat, s.json(map[string]any{"FilterList": map[string]any{"Who": tag}})))
		if len(p.ActivityRecordList) != 2 {
			s.Errorf("%d records; want the two written", len(p.ActivityRecordList))
		}
	}
}

func unknownPaths(s suite) {
	s.unknown(
		"/netwrix", "/netwrix/", "/netwrix/api/v1", "/netwrix/api/v1/", root+"/enum/x", root+"/other", root+"//enum",
		root+"/enum//", "/netwrix/api/v2/activity_records/enum", root+"/%65num", "/netwrix/api/v1/activity_records/../activity_records/enum",
	)
}

// outsidePaths do not begin as the API's do.
func outsidePaths(s suite) {
	s.unknown("/", "/Netwrix/api/v1/activity_records/enum", "/api/v1/activity_records/enum", "/netwrixx", "/favicon.ico")
}

// unknown checks that paths are 404 and ask nobody for credentials.
func (s suite) unknown(paths ...string) {
	s.Helper()
	for _, path := range paths {
		for _, who := range []account{nobody, admin, {admin.name, "wrong"}} {
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
				r := s.send(who, method, path, nil, nil)
				s.empty(r, http.StatusNotFound)
				if r.header.Get("WWW-Authenticate") != "" {
					s.Errorf("%s %s asks for credentials", method, path)
				}
			}
		}
	}
}

func wrongMethods(s suite) {
	for path, allow := range map[string]string{
		root: "POST", root + "/": "POST", enumPath: "GET, POST", enumPath + "/": "GET, POST", searchPath: "POST",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions} {
			if strings.Contains(allow, method) {
				continue
			}
			for _, who := range []account{nobody, admin} {
				r := s.send(who, method, path, nil, nil)
				s.empty(r, http.StatusMethodNotAllowed)
				if r.header.Get("Allow") != allow {
					s.Errorf("%s %s: Allow %q; want %q", method, path, r.header.Get("Allow"), allow)
				}
			}
		}
	}
	if r := s.send(admin, http.MethodHead, enumPath, nil, nil); r.status != http.StatusMethodNotAllowed {
		s.Errorf("HEAD: status %d; want 405", r.status)
	}
}

func parameters(s suite) {
	for query, bad := range map[string]string{
		"":                         "",
		"?format=json":             "",
		"?format=xml":              "",
		"?count=1&format=json":     "",
		"?format=json&count=1":     "",
		"?count=1&other=2&x":       "",
		"?count=007":               "",
		"?count=99999999999999999": "",
		"?format=yaml":             "format",
		"?format=JSON":             "format",
		"?format=":                 "format",
		"?count=0":                 "Invalid count parameter specified.",
		"?count=-1":                "Invalid count parameter specified.",
		"?count=FIVE":              "Invalid count parameter specified.",
		"?count=1.5":               "Invalid count parameter specified.",
		"?count=":                  "Invalid count parameter specified.",
		"?count=%2B1":              "Invalid count parameter specified.",
		"?count=1&count=1":         "more than once",
		"?format=xml&format=json":  "more than once",
	} {
		r := s.send(admin, http.MethodGet, enumPath+query, nil, nil)
		if bad == "" {
			if r.status != http.StatusOK {
				s.Errorf("%q: status %d, %.200s; want a page", query, r.status, r.body)
			}
			continue
		}
		if list := s.invalid(r, "InputError"); !strings.Contains(list[0].Description, bad) {
			s.Errorf("%q: %q; want it to contain %q", query, list[0].Description, bad)
		}
	}
	r := s.send(admin, http.MethodGet, enumPath+"?count=FIVE", nil, nil)
	if list := s.invalid(r, "InputError"); !strings.HasPrefix(list[0].Description, "Invalid count parameter specified.") {
		s.Errorf("%q; want it to begin as documented", list[0].Description)
	}
}

func countBounds(s suite) {
	tag := s.unique()
	var batch []map[string]any
	for range 25 {
		batch = append(batch, sample(tag))
	}
	s.write(batch...)
	for _, count := range []int{1, 7, 24, 25, 26} {
		if list, _ := s.search(admin, map[string]any{"Who": tag}, count); len(list) != 25 {
			s.Errorf("count %d: %d records in all; want 25", count, len(list))
		}
	}
	p := s.page(s.send(admin, http.MethodGet, enumPath+jsonFormat, nil, nil))
	if len(p.ActivityRecordList) > 1000 {
		s.Errorf("%d records without a count; want at most 1,000", len(p.ActivityRecordList))
	}
}

func emptyPage(s suite) {
	mark := s.end()
	p := s.page(s.post(admin, enumPath+jsonFormat, s.json(mark)))
	if len(p.ActivityRecordList) != 0 {
		s.Skip("somebody else writes to this target")
	}
	s.write(sample(s.unique()))
	if list, _ := s.enum(admin, p.ContinuationMark, 10); len(list) == 0 {
		s.Error("the mark of an empty page does not see what is written later")
	}
}

func writeAnswer(s suite) {
	r := s.post(admin, writePath+jsonFormat, s.json([]any{sample(s.unique())}))
	s.empty(r, http.StatusOK)
	if ct := r.header.Get("Content-Type"); ct != "text/plain" {
		s.Errorf("Content-Type %q; want text/plain", ct)
	}
}
