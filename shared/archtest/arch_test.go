package archtest

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// knows lists, for each package of shared, the packages of ours that it may
// import. Data flows one way; a package that is not here has no place yet.
var knows = map[string][]string{
	"activity":                 {},
	"keys":                     {},
	"table":                    {},
	"table/memory":             {"table"},
	"table/bolt":               {"table"},
	"table/remote":             {"table"},
	"table/faulty":             {"table"},
	"table/dynamo":             {"table"},
	"table/dynamo/dynamolocal": {},
	"gateway":                  {"gateway/bus", "gateway/objects", "gateway/sqs"},
	"gateway/bus":              {},
	"gateway/objects":          {},
	"gateway/sqs":              {},
	"gateway/tables":           {"table"},
	"table/tabletest":          {"table", "table/memory"},
	"segment":                  {"activity"},
	"filter":                   {"activity", "segment"},
	"wire":                     {"activity", "filter"},
	"ledger":                   {"activity", "keys", "segment", "table"},
	"compactor":                {"ledger"},
	"mark":                     {"keys", "ledger"},
	"search":                   {"activity", "filter", "keys", "ledger", "mark", "segment", "table"},
	"access":                   {"activity", "table"},
	"auth":                     {"access", "auth/ntlmssp", "auth/spnego", "keys", "table"},
	"auth/kerberos":            {"auth"},
	"auth/kerberostest":        {},
	"auth/ntlmssp":             {},
	"auth/ntlmtest":            {},
	"auth/spnego":              {},
	"api":                      {"access", "activity", "auth", "filter", "ledger", "search", "table", "wire"},
	"api/contracttest":         {},
	"client":                   {"activity", "filter", "wire"},
	"generate":                 {"activity"},
	"hammer":                   {"activity", "client", "filter", "generate", "wire"},
	"sample":                   {"activity"},
	"environment":              {},
	"recordfile":               {"activity", "wire"},
	"transfer":                 {"activity", "client", "recordfile", "wire"},
	"source":                   {"activity", "recordfile", "wire"},
	"source/sourcetest":        {},
	"ingest":                   {"activity", "ledger", "source"},
	"ingesttest":               {"activity", "keys", "ledger", "table", "table/memory"},
	"delivery":                 {"ingest", "source"},
	"simulation":               {},
	"archtest":                 {},
}

func TestDataFlowsOneWay(t *testing.T) {
	for _, s := range sources(t) {
		name, ok := strings.CutPrefix(s.pkg, "shared/")
		if !ok {
			continue
		}
		allowed, listed := knows[name]
		if !listed {
			t.Errorf("%s: package %s has no line in the table of who may know whom: decide where it stands and add it", s.path, name)
			continue
		}
		for path := range s.imports() {
			ours, ok := strings.CutPrefix(path, module)
			if !ok {
				continue
			}
			if of, ok := strings.CutPrefix(ours, "shared/"); !ok || !slices.Contains(allowed, of) {
				t.Errorf("%s imports %s: %s may know only %v, so that data flows one way and each room can be understood alone", s.path, path, name, allowed)
			}
		}
	}
}

// rooms are imports that belong in certain folders alone.
var rooms = []struct {
	path    string
	folders []string
	reason  string
}{
	{"net/http", []string{"shared/api", "shared/auth", "shared/client", "shared/gateway", "shared/hammer", "shared/table/remote", "shared/table/dynamo/dynamolocal", "functions", "cmd"},
		"HTTP is known where it is spoken; everything else works on values and can be simulated"},
	{"encoding/xml", []string{"shared/wire", "shared/api/contracttest"}, "XML belongs in wire; the black-box suite reads answers with a parser of its own"},
	{"github.com/aws/", []string{"shared/table/dynamo", "shared/gateway", "shared/source", "functions", "infra", "cmd"},
		"AWS types stay at the edge, so that the same code runs on one machine"},
	{"go.etcd.io/bbolt", []string{"shared/table/bolt"}, "the embedded store is known to its adapter alone"},
	{"github.com/spf13/cobra", []string{"cmd"}, "the command line is a client of the packages, not a part of them"},
	{"github.com/klauspost/compress/zstd", []string{"shared/segment", "shared/table/remote"}, "how bytes are packed is the business of segment"},
}

func TestImportsStayInTheirRooms(t *testing.T) {
	for _, s := range sources(t) {
		for path := range s.imports() {
			for _, r := range rooms {
				if (path == r.path || strings.HasSuffix(r.path, "/") && strings.HasPrefix(path, r.path)) && !under(s.pkg, r.folders...) {
					t.Errorf("%s imports %s, which belongs in %v: %s", s.path, path, r.folders, r.reason)
				}
			}
		}
	}
}

// simulated are the packages that must run in a deterministic simulation.
var simulated = []string{
	"shared/activity", "shared/segment", "shared/filter", "shared/wire", "shared/ledger", "shared/mark",
	"shared/search", "shared/access", "shared/auth", "shared/keys", "shared/table/memory", "shared/table/faulty",
	"shared/source", "shared/ingest", "shared/delivery",
}

func TestTimeAndRandomnessComeInThroughSeams(t *testing.T) {
	forbidden := map[string][]string{
		"time":      {"Now", "Sleep", "After", "Tick", "NewTimer", "NewTicker", "Since", "Until", "AfterFunc"},
		"math/rand": nil, "math/rand/v2": nil, "crypto/rand": nil, // any use
	}
	for _, s := range sources(t) {
		if !under(s.pkg, simulated...) {
			continue
		}
		for path, name := range s.imports() {
			names, bad := forbidden[path]
			switch {
			case !bad:
			case names == nil:
				if path == "crypto/rand" || !under(s.pkg, "shared/table/faulty") {
					t.Errorf("%s imports %s: randomness comes in as an io.Reader, or a simulation cannot repeat a run", s.path, path)
				}
			default:
				for _, use := range uses(s.file, name, names) {
					t.Errorf("%s uses time.%s: time comes in through Now and Sleep of a Config, or a simulation cannot run ahead of the clock", s.path, use)
				}
			}
		}
	}
}

// uses finds selectors name.X for the given X that are called; a mention as a
// value (a default for a seam) is no use.
func uses(f *ast.File, name string, selectors []string) []string {
	var found []string
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if id, ok := sel.X.(*ast.Ident); ok && id.Name == name && slices.Contains(selectors, sel.Sel.Name) {
			found = append(found, sel.Sel.Name)
		}
		return true
	})
	return found
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	said := map[string]bool{}
	for _, s := range sources(t) {
		said[s.pkg] = said[s.pkg] || s.file.Doc != nil
	}
	for pkg, ok := range said {
		if !ok {
			t.Errorf("package %s has no package comment: a reader starts there", pkg)
		}
	}
}

func TestWhatIsExportedIsExplained(t *testing.T) {
	for _, s := range sources(t) {
		if !under(s.pkg, "shared") {
			continue
		}
		for _, decl := range s.file.Decls {
			for _, name := range unexplained(decl) {
				t.Errorf("%s: exported %s has no comment: say shapes, units, ranges and errors", s.path, name)
			}
		}
	}
}

// unexplained returns the exported names of a declaration without a comment.
// Methods are left to their interfaces and to judgement.
func unexplained(decl ast.Decl) []string {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && d.Recv == nil && d.Name.IsExported() {
			return []string{d.Name.Name}
		}
	case *ast.GenDecl:
		if d.Doc != nil || d.Tok != token.TYPE {
			return nil
		}
		var names []string
		for _, spec := range d.Specs {
			if ts := spec.(*ast.TypeSpec); ts.Doc == nil && ts.Comment == nil && ts.Name.IsExported() {
				names = append(names, ts.Name.Name)
			}
		}
		return names
	}
	return nil
}

// TestNoDrawerForLeftovers keeps packages named for what they do.
func TestNoDrawerForLeftovers(t *testing.T) {
	for _, s := range sources(t) {
		switch filepath.Base(s.pkg) {
		case "util", "utils", "common", "helper", "helpers", "misc", "base":
			t.Errorf("%s: a package is named for what it does, not for what it lacks", s.path)
		}
	}
}

// TestTopLevel keeps the layout that the module's users were promised.
func TestTopLevel(t *testing.T) {
	allowed := []string{"functions", "infra", "shared", "events", "cmd", "docs", "go.mod", "go.sum", "cdk.json", "Makefile", "README.md",
		"LICENSE", "bin", "data", "cdk.out", "node_modules", "package.json", "package-lock.json"}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(allowed, e.Name()) {
			t.Errorf("%s does not belong on the top level: it holds %v", e.Name(), allowed)
		}
	}
}
