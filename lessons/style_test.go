package lessons

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Rules for this project's text that a program can check.

const (
	longestFunction = 40
	medianFunction  = 8
	longestMain     = 80 // lines, and columns, of a lesson's main.go
	mostCode        = 60 // lines of it that are neither empty nor comments
	tab             = 4  // columns, in editors
	lastLine        = "\nfunc main() { lessons.Main(lesson, program) }\n"
)

// A source is a Go file.
type source struct {
	path string // from the top of the project: lessons/06-daemon/main.go
	text string
	file *ast.File
	fset *token.FileSet
}

func parse(t *testing.T, path, text string) source {
	t.Helper()
	s := source{path: path, text: text, fset: token.NewFileSet()}
	var err error
	s.file, err = parser.ParseFile(s.fset, path, text, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func project(t *testing.T) (all []source) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(".."), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || d.Name() == "exercise.go" { // that one is the reader's
			return err
		}
		text, err := os.ReadFile(filepath.Join("..", path))
		all = append(all, parse(t, path, string(text)))
		return err
	})
	if err != nil || len(all) == 0 {
		t.Fatalf("found %d files: %v", len(all), err)
	}
	return all
}

func (s source) in(dir string) bool { return strings.HasPrefix(s.path, dir+"/") }
func (s source) test() bool         { return strings.HasSuffix(s.path, "_test.go") }
func (s source) lesson() bool       { return s.file.Name.Name == "main" && s.in("lessons") }
func (s source) program() bool      { return s.lesson() && filepath.Base(s.path) == "main.go" }

func (s source) line(p token.Pos) int { return s.fset.Position(p).Line }

func (s source) flaw(p token.Pos, format string, args ...any) string {
	return fmt.Sprintf("%s:%d: %s", s.path, s.line(p), fmt.Sprintf(format, args...))
}

// styles are the checks. Each returns what is wrong with a file.
var styles = map[string]func(source) []string{
	"functions are short":                         longFunctions,
	"main.go can be read beside the chapter":      longMain,
	"what is exported is explained":               unexplained,
	"a function is registered under its own name": misnamed,
	"the standard library is enough":              foreignImports,
	"sleeping orders nothing":                     sleeps,
	"lessons print with care":                     idlePrints,
	"main.go is a whole program":                  wholeProgram,
	"the table of pairs shows the code":           pairs,
}

func TestStyle(t *testing.T) {
	all := project(t)
	for name, flaws := range styles {
		t.Run(name, func(t *testing.T) {
			for _, s := range all {
				for _, flaw := range flaws(s) {
					t.Error(flaw)
				}
			}
		})
	}
}

// functions finds the functions of a file, also those that are the value of a
// variable, as in mp.Proc, and calls f with their names and lengths.
func (s source) functions(f func(name *ast.Ident, lines int)) {
	for _, d := range s.file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			f(d.Name, s.line(d.End())-s.line(d.Pos())+1)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok {
					ast.Inspect(v, func(n ast.Node) bool {
						lit, ok := n.(*ast.FuncLit)
						if ok {
							f(v.Names[0], s.line(lit.End())-s.line(lit.Pos())+1)
						}
						return !ok
					})
				}
			}
		}
	}
}

func longFunctions(s source) (flaws []string) {
	s.functions(func(name *ast.Ident, lines int) {
		if lines > longestFunction && !s.test() {
			flaws = append(flaws, s.flaw(name.Pos(), "%s has %d lines, want at most %d", name, lines, longestFunction))
		}
	})
	return flaws
}

func longMain(s source) (flaws []string) {
	if !s.program() {
		return nil
	}
	lines := strings.Split(strings.TrimSuffix(s.text, "\n"), "\n")
	if len(lines) > longestMain {
		flaws = append(flaws, fmt.Sprintf("%s:%d: the file has %d lines, want at most %d", s.path, longestMain+1, len(lines), longestMain))
	}
	for i, line := range lines {
		if n := columns(line); n > longestMain {
			flaws = append(flaws, fmt.Sprintf("%s:%d: the line has %d columns, want at most %d", s.path, i+1, n, longestMain))
		}
	}
	return flaws
}

func columns(line string) (n int) {
	for _, r := range line {
		if n++; r == '\t' {
			n = (n + tab - 1) / tab * tab
		}
	}
	return n
}

// wholeProgram checks that a main.go is short, and needs package lessons only for
// its last line.
func wholeProgram(s source) (flaws []string) {
	if !s.program() {
		return nil
	}
	if !strings.HasSuffix(s.text, lastLine) {
		flaws = append(flaws, fmt.Sprintf("%s: the last line is not %q", s.path, lastLine))
	}
	code := strings.Split(s.code(), "\n")
	n := len(slices.DeleteFunc(code, func(line string) bool { return strings.TrimSpace(line) == "" }))
	if n > mostCode {
		flaws = append(flaws, fmt.Sprintf("%s: %d lines of code, want at most %d", s.path, n, mostCode))
	}
	for _, spec := range s.file.Imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		if strings.HasPrefix(path, "processbook/") && path != "processbook/mp" && path != "processbook/lessons" {
			flaws = append(flaws, s.flaw(spec.Pos(), "import of %s, want mp and lessons", path))
		}
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		if f, ok := n.(*ast.SelectorExpr); ok && f.Sel.Name != "Main" {
			if id, ok := f.X.(*ast.Ident); ok && id.Name == "lessons" {
				flaws = append(flaws, s.flaw(n.Pos(), "lessons.%s, want only lessons.Main, in the last line", f.Sel))
			}
		}
		return true
	})
	return flaws
}

// code is the text without comments.
func (s source) code() string {
	code := []byte(s.text)
	for _, group := range s.file.Comments {
		for i := s.fset.Position(group.Pos()).Offset; i < s.fset.Position(group.End()).Offset; i++ {
			if code[i] != '\n' {
				code[i] = ' '
			}
		}
	}
	return string(code)
}

var (
	pairsBegin = regexp.MustCompile(`(?m)^(\tPython +)here$`)
	called     = regexp.MustCompile(`[\w.]+\(`)
)

// pairs checks that the right column of the table of pairs is in the code: each
// call, or the whole entry if it has no call.
func pairs(s source) (flaws []string) {
	if !s.program() {
		return nil
	}
	doc := s.file.Doc.Text()
	at := pairsBegin.FindStringSubmatchIndex(doc)
	if at == nil {
		return []string{s.path + ": no table of pairs: Python, here"}
	}
	code := strings.Join(strings.Fields(s.code()), " ")
	for _, row := range strings.Split(doc[at[1]:], "\n")[1:] {
		if !strings.HasPrefix(row, "\t") {
			break
		}
		here := row[min(at[3]-at[2], len(row)):]
		calls := called.FindAllString(here, -1)
		if len(calls) == 0 {
			calls = []string{here}
		}
		for _, call := range calls {
			if !strings.Contains(code, call) {
				flaws = append(flaws, fmt.Sprintf("%s: the table of pairs has %q, which is not in the code", s.path, call))
			}
		}
	}
	return flaws
}

// A lesson has the checksum of its main.go, and its other files say that you need
// not read them.
func TestLessonsAreComplete(t *testing.T) {
	for _, s := range project(t) {
		if !s.program() {
			continue
		}
		for _, name := range []string{"picture.go", "experiments.go"} {
			text, err := os.ReadFile(filepath.Join("..", filepath.Dir(s.path), name))
			if err != nil || !strings.Contains(strings.ReplaceAll(string(text), "\n//", ""), "You need not read this file") {
				t.Errorf("%s does not say in its first comment: You need not read this file (%v)", name, err)
			}
			if want := fmt.Sprintf("%q", sum(s.text)); name == "picture.go" && !strings.Contains(string(text), want) {
				t.Errorf("%s: main.go has changed, so the Sum of the lesson is now %s", filepath.Dir(s.path), want)
			}
		}
	}
}

// usual are methods that the standard library explains.
var usual = []string{"Error", "Unwrap", "String"}

func unexplained(s source) (flaws []string) {
	if s.test() {
		return nil
	}
	check := func(name *ast.Ident, comment *ast.CommentGroup) {
		start := regexp.MustCompile(`^((A|An|The) )?` + name.Name + `\b`)
		if name.IsExported() && !start.MatchString(comment.Text()) {
			first, _, _ := strings.Cut(comment.Text(), "\n")
			flaws = append(flaws, s.flaw(name.Pos(), "the comment on %s begins %q, want %[1]s ...", name, first))
		}
	}
	for _, d := range s.file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil || receiver(d).IsExported() && !slices.Contains(usual, d.Name.Name) {
				check(d.Name, d.Doc)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					check(spec.Name, either(spec.Doc, d.Doc))
				case *ast.ValueSpec:
					if d.Lparen == token.NoPos {
						check(spec.Names[0], d.Doc)
					} else if spec.Names[0].IsExported() && either(spec.Doc, d.Doc, spec.Comment).Text() == "" {
						flaws = append(flaws, s.flaw(spec.Pos(), "%s has no comment, nor has its group", spec.Names[0]))
					}
				}
			}
		}
	}
	return flaws
}

// receiver returns the type that a method belongs to.
func receiver(d *ast.FuncDecl) (name *ast.Ident) {
	ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == nil {
			name = id
		}
		return name == nil
	})
	return name
}

func either(comments ...*ast.CommentGroup) *ast.CommentGroup {
	for _, c := range comments {
		if c != nil {
			return c
		}
	}
	return nil
}

func misnamed(s source) (flaws []string) {
	for _, d := range s.file.Decls {
		ast.Inspect(d, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || !s.in("lessons") {
				return true
			}
			for i, value := range v.Values {
				if given := registered(value); given != "" && given != strconv.Quote(v.Names[i].Name) {
					flaws = append(flaws, s.flaw(v.Pos(), "%s is registered as %s, want %q", v.Names[i], given, v.Names[i].Name))
				}
			}
			return true
		})
	}
	return flaws
}

// registered returns the first argument of mp.Func or mp.Proc, as it is written, or
// "" if e is another expression.
func registered(e ast.Expr) string {
	call, ok := e.(*ast.CallExpr)
	if !ok || len(call.Args) == 0 || !calls(call, "mp", "Func", "Proc") {
		return ""
	}
	if lit, ok := call.Args[0].(*ast.BasicLit); ok {
		return lit.Value
	}
	return "something that is not a literal"
}

// calls reports whether call is a call of one of these functions of a package.
func calls(call *ast.CallExpr, pkg string, names ...string) bool {
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains(names, f.Sel.Name) {
		return false
	}
	id, ok := f.X.(*ast.Ident)
	return ok && id.Name == pkg
}

func foreignImports(s source) (flaws []string) {
	for _, spec := range s.file.Imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		first, _, _ := strings.Cut(path, "/")
		if first != "processbook" && strings.Contains(first, ".") || first == "C" {
			flaws = append(flaws, s.flaw(spec.Pos(), "import of %s, want the standard library or processbook/...", path))
		}
	}
	return flaws
}

var saysWhy = regexp.MustCompile(`\bwork\b|\borders nothing\b`)

// sleeps finds time.Sleep in lessons. A sleep may be the work of a process, or a
// pause before the next look. Then a comment on its line says so.
func sleeps(s source) (flaws []string) {
	allowed := make(map[int]bool)
	for _, group := range s.file.Comments {
		for _, c := range group.List {
			allowed[s.line(c.Pos())] = saysWhy.MatchString(c.Text)
		}
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if ok && s.in("lessons") && !s.test() && !s.program() && calls(call, "time", "Sleep") && !allowed[s.line(n.Pos())] {
			flaws = append(flaws, s.flaw(n.Pos(), "time.Sleep, want a message or Join; or, on this line, // it is the work, or // it orders nothing"))
		}
		return true
	})
	return flaws
}

// mostLines is how many lines the Go files of a directory may have, without tests
// and exercises. A lesson may have 350. These may only go down.
var mostLines = map[string]int{
	"lessons":           900,
	"mp":                3800,
	"mp/internal/frame": 1150,
	"mp/internal/lend":  1450,
}

const usualOfLesson = 350

func TestLessonsAreShort(t *testing.T) {
	for _, flaw := range longFolders(project(t)) {
		t.Error(flaw)
	}
}

// longFolders finds directories that have too many lines. In lessons, testing.go
// does not count, because it is for tests.
func longFolders(all []source) (flaws []string) {
	lines, most := make(map[string]int), maps.Clone(mostLines)
	for _, s := range all {
		if s.test() || s.path == "lessons/testing.go" {
			continue
		}
		dir := filepath.ToSlash(filepath.Dir(s.path))
		lines[dir] += strings.Count(s.text, "\n")
		if s.lesson() {
			most[dir] = max(most[dir], usualOfLesson)
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(most)) {
		if lines[dir] > most[dir] {
			flaws = append(flaws, fmt.Sprintf("%s: %d lines, want at most %d", dir, lines[dir], most[dir]))
		}
	}
	return flaws
}

func TestLongFolders(t *testing.T) {
	half := strings.Repeat("//\n", usualOfLesson/2)
	all := []source{
		parse(t, "lessons/90-a/main.go", half+"package main\n"),
		parse(t, "lessons/90-a/picture.go", half+"package main\n"),
		parse(t, "lessons/91-b/main.go", half+half+"package main"),
		parse(t, "lessons/91-b/main_test.go", half+"package main\n"),
		parse(t, "lessons/a.go", half+"package lessons\n"),
		parse(t, "lessons/b.go", strings.Repeat("//\n", mostLines["lessons"])+"package lessons\n"),
		parse(t, "lessons/testing.go", half+"package lessons\n"),
	}
	got := strings.Join(longFolders(all), "\n")
	want := fmt.Sprintf("lessons: %d lines, want at most %d\nlessons/90-a: 352 lines, want at most 350", mostLines["lessons"]+177, mostLines["lessons"])
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestMostFunctionsAreShort(t *testing.T) {
	for dir, mostFunctions := range map[string]int{"mp": 20, "lessons": 22} {
		var lengths []int
		for _, s := range project(t) {
			if s.in(dir) && !s.test() {
				s.functions(func(_ *ast.Ident, lines int) { lengths = append(lengths, lines) })
			}
		}
		slices.Sort(lengths)
		n := len(lengths)
		if lengths[n/2] > medianFunction || lengths[n*9/10] > mostFunctions {
			t.Errorf("%s/: half of %d functions have at most %d lines, want %d; nine in ten have at most %d, want %d",
				dir, n, lengths[n/2], medianFunction, lengths[n*9/10], mostFunctions)
		}
	}
}

func TestEveryTypeOfMpHasAnExample(t *testing.T) {
	types, shown := make(map[string]string), make(map[string]bool)
	for _, s := range project(t) {
		switch {
		case !s.in("mp") || strings.Contains(s.path, "/internal/"):
		case s.test():
			for _, e := range doc.Examples(s.file) {
				name, _, _ := strings.Cut(e.Name, "_")
				shown[name] = shown[name] || e.Output != "" || e.EmptyOutput
			}
		default:
			for name, at := range s.types() {
				types[name] = at
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(types)) {
		if !shown[name] {
			t.Errorf("%s: type %s has no Example%[2]s with // Output:", types[name], name)
		}
	}
}

// types returns the exported types of a file, and where they are.
func (s source) types() map[string]string {
	all := make(map[string]string)
	ast.Inspect(s.file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.IsExported() {
			all[spec.Name.Name] = fmt.Sprintf("%s:%d", s.path, s.line(spec.Pos()))
		}
		return true
	})
	return all
}

// Only lessons.Print says so if the disk is full.
func idlePrints(s source) (flaws []string) {
	if !s.lesson() || s.test() || s.program() {
		return nil
	}
	for i, line := range strings.Split(s.text, "\n") {
		if strings.Contains(line, "fmt.Print") {
			flaws = append(flaws, fmt.Sprintf("%s:%d: fmt.Print, want lessons.Print", s.path, i+1))
		}
	}
	return flaws
}

func TestModuleRequiresNothing(t *testing.T) {
	text, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(text), "\n") {
		if fields := strings.Fields(line); len(fields) > 0 && fields[0] != "module" && fields[0] != "go" {
			t.Errorf("go.mod:%d: %s, want only module and go", i+1, line)
		}
	}
}

// Each check must find these flaws.
func TestStyleFindsWhatIsWrong(t *testing.T) {
	long := strings.Repeat("\n", 39)
	for _, test := range []struct{ style, path, text, want string }{
		{"functions are short", "mp/a.go", "package mp\nfunc f() {" + long + "}", ""},
		{"functions are short", "mp/a.go", "package mp\nfunc f() {\n" + long + "}", "mp/a.go:2: f has 41 lines, want at most 40"},
		{"functions are short", "mp/a.go", "package mp\nvar f = g(func() {\n" + long + "})", "mp/a.go:2: f has 41 lines, want at most 40"},
		{"functions are short", "mp/a_test.go", "package mp\nfunc f() {\n" + long + "}", ""},
		{"main.go can be read beside the chapter", "lessons/01-a/main.go", "package main\n" + strings.Repeat("\n", 79), ""},
		{"main.go can be read beside the chapter", "lessons/01-a/main.go", "package main\n" + strings.Repeat("\n", 80),
			"lessons/01-a/main.go:81: the file has 81 lines, want at most 80"},
		{"main.go can be read beside the chapter", "lessons/01-a/main.go", "package main\n//\t" + strings.Repeat("x", 77),
			"lessons/01-a/main.go:2: the line has 81 columns, want at most 80"},
		{"what is exported is explained", "mp/a.go", "package mp\n// A T is.\ntype T int\n// F does.\nfunc F() {}\nfunc f() {}", ""},
		{"what is exported is explained", "mp/a.go", "package mp\n// This is T.\ntype T int", `mp/a.go:3: the comment on T begins "This is T.", want T ...`},
		{"what is exported is explained", "mp/a.go", "package mp\n// Functional.\nfunc F() {}", `mp/a.go:3: the comment on F begins "Functional.", want F ...`},
		{"what is exported is explained", "mp/a.go", "package mp\nfunc (t *T[A]) Do() {}\nfunc (t *t) Do() {}\nfunc (t T) Error() {}",
			`mp/a.go:2: the comment on Do begins "", want Do ...`},
		{"what is exported is explained", "mp/a.go", "package mp\nvar (\n\tA = 1\n)", "mp/a.go:3: A has no comment, nor has its group"},
		{"what is exported is explained", "mp/a.go", "package mp\n// What there is.\nvar (\n\tA = 1\n)", ""},
		{"a function is registered under its own name", "lessons/01-a/main.go", "package main\nvar f = mp.Func(\"f\", g)", ""},
		{"a function is registered under its own name", "lessons/01-a/main.go", "package main\nvar f = mp.Proc(\"g\", g)",
			`lessons/01-a/main.go:2: f is registered as "g", want "f"`},
		{"the standard library is enough", "mp/a.go", "package mp\nimport (\n\"go/ast\"\n\"processbook/mp\"\n)", ""},
		{"the standard library is enough", "mp/a_test.go", "package mp\nimport \"golang.org/x/sync\"",
			"mp/a_test.go:2: import of golang.org/x/sync, want the standard library or processbook/..."},
		{"sleeping orders nothing", "lessons/a.go", "package lessons\nfunc f() {\n\ttime.Sleep(1) // it is the work\n}", ""},
		{"sleeping orders nothing", "lessons/a.go", "package lessons\nfunc f() {\n\ttime.Sleep(1) // workers start\n}",
			"lessons/a.go:3: time.Sleep, want a message or Join; or, on this line, // it is the work, or // it orders nothing"},
		{"lessons print with care", "lessons/01-a/a.go", "package main\nfunc f() { fmt.Println() }",
			"lessons/01-a/a.go:2: fmt.Print, want lessons.Print"},
		{"lessons print with care", "lessons/01-a/a.go", "package main\nfunc f() { lessons.Println(fmt.Sprint()) }", ""},
		{"main.go is a whole program", "lessons/01-a/main.go", wholeMain, ""},
		{"main.go is a whole program", "lessons/01-a/main.go", strings.Replace(wholeMain, "func f", "func g() { lessons.Para() }\nfunc f", 1),
			"lessons/01-a/main.go:11: lessons.Para, want only lessons.Main, in the last line"},
		{"main.go is a whole program", "lessons/01-a/main.go", strings.Replace(wholeMain, "processbook/mp", "processbook/answers", 1),
			"lessons/01-a/main.go:8: import of processbook/answers, want mp and lessons"},
		{"main.go is a whole program", "lessons/01-a/main.go", longer(strings.Repeat("var _ = 1 // 1\n//\n\n", 54)),
			"lessons/01-a/main.go: 61 lines of code, want at most 60"},
		{"main.go is a whole program", "lessons/01-a/main.go", wholeMain + "// end\n", `lessons/01-a/main.go: the last line is not "` +
			`\nfunc main() { lessons.Main(lesson, program) }\n"`},
		{"the table of pairs shows the code", "lessons/01-a/main.go", wholeMain, ""},
		{"the table of pairs shows the code", "lessons/01-a/main.go", strings.Replace(wholeMain, "\tp.Start(", "\tq.Start(", 1),
			"lessons/01-a/main.go: the table of pairs has \"p.Start(\", which is not in the code"},
		{"the table of pairs shows the code", "lessons/01-a/main.go", strings.Replace(wholeMain, "{ p.Daemon = true\n", "{\n", 1),
			"lessons/01-a/main.go: the table of pairs has \"p.Daemon = true\", which is not in the code"},
		{"sleeping orders nothing", "lessons/01-a/main.go", longer("var _ = time.Sleep(1)\n"), ""},
		{"lessons print with care", "lessons/01-a/main.go", longer("var _ = fmt.Print(1)\n"), ""},
	} {
		got := strings.Join(styles[test.style](parse(t, test.path, test.text)), "\n")
		if got != test.want {
			t.Errorf("%s: of %s with\n%s\ngot  %q\nwant %q", test.style, test.path, test.text, got, test.want)
		}
	}
}

const wholeMain = `// Lesson 1.
//
//	Python    here
//	start()   p.Start(ctx)
//	daemon    p.Daemon = true
package main

import "processbook/mp"
import "processbook/lessons"

func f() { p.Daemon = true
	p.Start(ctx)
}

func main() { lessons.Main(lesson, program) }
`

// longer is wholeMain with more code in the middle.
func longer(code string) string { return strings.Replace(wholeMain, "\nfunc f", "\n"+code+"func f", 1) }
