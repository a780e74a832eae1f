package mp

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The list of promises in doc.go has all of them, and the tests it names are
// there.
func TestPromisesHaveTests(t *testing.T) {
	there := map[string]bool{}
	files, _ := filepath.Glob("*_test.go")
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				there[f.Name.Name] = true
			}
		}
	}
	doc, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(doc.Doc.Text(), "# Promises")
	list, _, _ = strings.Cut(list, "\n# ")
	for i := range 12 {
		_, promise, found := strings.Cut(list, fmt.Sprintf("\n\tG%-2d  ", i+1))
		promise, _, _ = strings.Cut(promise, "\n\tG")
		tests := regexp.MustCompile(`\b(Test|Fuzz)\w+`).FindAllString(promise, -1)
		if !found || len(tests) == 0 {
			t.Errorf("G%d is not in the list, or has no test: %q", i+1, promise)
		}
		for _, name := range tests {
			if !there[name] {
				t.Errorf("G%d: there is no %s", i+1, name)
			}
		}
	}
}
