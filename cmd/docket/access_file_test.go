package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"docket/shared/access"

	"github.com/google/go-cmp/cmp"
)

// nasty are texts that YAML reads as something else unless they are quoted.
var nasty = []string{
	"plain", `Corp\ann`, "ann@corp", "true", "no", "null", "~", "42", "1e3", "0x1F", "- x", "a: b", "#x", "'", `"`, "{a}", "[b]", "*a", "&a", "!t",
	"%", "|", ">", "2026-01-02", "ä€😀", "=", "<<", "?", "x #y", ".inf", "Ann's plan", "a, b", "{42F64379-163E-4A43-A9C5-4514C5A23798}",
}

// TestWhatIsExportedIsReadBack writes a description of everything, with texts
// that are hard on YAML, and reads it.
func TestWhatIsExportedIsReadBack(t *testing.T) {
	yes, no, domain := true, false, "no"
	doc := &access.Document{DefaultDomain: &domain}
	for i, text := range nasty {
		doc.Folders = append(doc.Folders, access.FolderSpec{Path: text})
		doc.Plans = append(doc.Plans, access.PlanSpec{ID: text, Name: text, Folder: &text, Enabled: &no, Items: nasty[:i]})
		doc.Accounts = append(doc.Accounts, access.AccountSpec{Name: text, Note: &text, Disabled: &yes, Schemes: []string{"basic", "digest-md5"}[:i%3%2+i%2], RecogniseRepeats: &yes})
		doc.Groups = append(doc.Groups, access.GroupSpec{Name: text, Note: &text, Members: nasty[:i], Groups: nasty[i:]})
		doc.Roles = append(doc.Roles,
			access.RoleSpec{Assignment: access.Assignment{Role: access.Reviewer, Account: text, Folder: text}},
			access.RoleSpec{Assignment: access.Assignment{Role: access.GlobalAdministrator, Group: text}},
			access.RoleSpec{Assignment: access.Assignment{Role: access.Configurator, Group: text, Plan: text}})
	}
	var text bytes.Buffer
	if err := writeAccessFile(&text, exportFile(doc)); err != nil {
		t.Fatal(err)
	}
	file, problems := parseAccessFile(text.Bytes())
	if problems != nil {
		t.Fatalf("%v in\n%s", problems, text.String())
	}
	got := &file.doc
	for i := range got.Folders {
		got.Folders[i].Line = 0
	}
	for i := range got.Plans {
		got.Plans[i].Line = 0
	}
	for i := range got.Accounts {
		got.Accounts[i].Line = 0
	}
	for i := range got.Groups {
		got.Groups[i].Line = 0
	}
	for i := range got.Roles {
		got.Roles[i].Line = 0
	}
	if diff := cmp.Diff(doc, got); diff != "" {
		t.Errorf("read back it differs (-written +read):\n%s", diff)
	}
}

func TestFilesAreReadStrictly(t *testing.T) {
	for name, text := range map[string]string{
		"empty":             "",
		"a comment":         "# nothing",
		"two documents":     "folders: []\n---\nfolders: []\n",
		"an alias":          "accounts:\n- name: &a x\n- name: *a\n",
		"an alias bomb":     "a: &a [x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nfolders: *c\n",
		"a merge":           "accounts:\n- &a {name: x}\n- {<<: *a}\n",
		"a tag":             "accounts:\n- name: !!binary eA==\n",
		"a key twice":       "accounts: []\naccounts: []\n",
		"null for a list":   "accounts:\n",
		"null for a text":   "accounts:\n- name:\n",
		"a list for a text": "accounts:\n- name: [a]\n",
		"a key of a list":   "[a]: b\n",
		"a role twice":      "roles:\n- {role: Contributor, role: Reviewer}\n",
		"yes":               "accounts:\n- {name: a, disabled: yes}\n",
		"not UTF-8":         "accounts:\n- name: \xff\n",
		"a control sign":    "accounts:\n- name: \"a\x01\"\n",
		"a deep hole":       strings.Repeat("[", 100_000),
		"deep folders":      "folders: " + strings.Repeat("{a: ", 5000),
	} {
		if _, problems := parseAccessFile([]byte(text)); len(problems) == 0 {
			t.Errorf("%s is accepted", name)
		}
	}
}

func FuzzParseAccessFile(f *testing.F) {
	for _, seed := range nasty {
		f.Add([]byte("accounts:\n- name: " + seed + "\n"))
	}
	f.Add([]byte("defaultDomain: Corp\nfolders: [A, A/B]\nplans:\n- {name: P, folder: A/B, enabled: true, items: [x]}\n"))
	f.Add([]byte("roles:\n- role: Reviewer\n  group: Corp\\G\n  folder: A\ngroups:\n- name: Corp\\G\n  members: [a]\n"))
	f.Add([]byte("a: &a [x]\nb: [*a,*a]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		file, problems := parseAccessFile(text)
		for _, p := range problems {
			if p.Text == "" || p.Line < 0 {
				t.Errorf("problem %+v", p)
			}
		}
		if len(problems) > 0 {
			return
		}
		for _, a := range file.doc.Accounts {
			if a.Line == 0 {
				t.Errorf("account %q has no line", fmt.Sprint(a.Name))
			}
		}
	})
}
