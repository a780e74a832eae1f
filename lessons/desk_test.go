package lessons

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"processbook/answers"
)

// A desk runs commands as a reader types them, in the project's directory. It keeps
// the files that they make in a temporary directory, so that it does not touch the
// reader's worksheet. In the output, it replaces the name of that directory.
type desk struct {
	t       *testing.T
	dir     string
	overlay string // gives the go command files that do not exist; "" if none
	quiz    string // go test, built; "" if each command builds it
}

const usualSheet = "answers/mine.md"

func newDesk(t *testing.T) *desk {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip(err)
	}
	project(t) // so that go test does not use an old result if a file has changed
	d := &desk{t: t, dir: t.TempDir()}
	if err := os.Mkdir(d.file("answers"), 0o777); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) file(name string) string { return filepath.ToSlash(filepath.Join(d.dir, name)) }

// run types a command.
func (d *desk) run(command string) (output string, err error) {
	args := strings.Fields(strings.ReplaceAll(command, "'", "")) // no blank is quoted
	switch {
	case strings.HasPrefix(command, "go test "), command == "go test":
		args = d.built(d.withSheet(args))
	case strings.HasPrefix(command, "go run ") && d.overlay != "":
		args = slices.Insert(args, 2, "-overlay", d.overlay)
	}
	output, err = typed("..", args...)
	output = strings.ReplaceAll(output, " -sheet "+d.file(usualSheet), "")
	return strings.ReplaceAll(output, d.file("")+"/", ""), err
}

// withSheet makes go test use a worksheet of this desk, and run only the quiz.
func (d *desk) withSheet(args []string) []string {
	sheet := usualSheet
	if slices.Contains(args, "-form") {
		sheet = "answers/mine-2.md"
	}
	if i := slices.Index(args, "-sheet"); i >= 0 {
		switch sheet = args[i+1]; sheet {
		case "FILE":
			sheet = usualSheet
		case "DIR":
			sheet = path.Dir(usualSheet)
		}
		args = slices.Delete(args, i, i+2)
	}
	switch {
	case len(args) == 2: // go test alone, and a line about exercises
		args = append(args, "-run", "TestQuiz|TestExercises")
	case !slices.Contains(args, "-run"):
		args = append(args, "-run", "TestQuiz")
	}
	return append(args, "-sheet", d.file(sheet))
}

// build builds the quiz once for all commands: go test would build it again for each
// of them.
func (d *desk) build() {
	d.t.Helper()
	quiz := d.file("quiz.exe")
	if output, err := typed("..", "go", "test", "-c", "-o", quiz, "."); err != nil {
		d.t.Fatalf("%v\n%s", err, output)
	}
	d.quiz = quiz
}

// built does the same as go test with these arguments, but the go command has to do
// -json itself.
func (d *desk) built(args []string) []string {
	if d.quiz == "" || slices.Contains(args, "-json") {
		return args
	}
	built := []string{d.quiz}
	for _, arg := range args[2:] {
		if arg == "-run" || arg == "-failfast" {
			arg = "-test." + arg[1:]
		}
		built = append(built, arg)
	}
	return built
}

// typed runs a command, and returns its whole output.
func typed(dir string, args ...string) (output string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.WaitDelay = dir, time.Second
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "GIT_") // git sets it, if this test runs in a git hook
	})
	if dir == ".." {
		cmd.Env = append(cmd.Env, "GIT_DIR="+os.DevNull) // a change that is not committed yet is not a reader's change
	}
	out, err := cmd.CombinedOutput()
	return strings.ReplaceAll(string(out), "\r\n", "\n"), errors.Join(err, ctx.Err())
}

// fill writes a part of the blank worksheet, with predictions, into this desk's
// worksheet.
func (d *desk) fill(part string) error {
	sheet, err := os.ReadFile(d.file(usualSheet))
	if err != nil {
		return fmt.Errorf("the worksheet is missing: %w", err)
	}
	blank := regexp.MustCompile(`(?m)^> .*$`).ReplaceAllString(part, ">")
	if blank == part || !bytes.Contains(sheet, []byte(blank)) {
		return fmt.Errorf("got\n%s\nwant a part of answers/blank.md, with predictions after >", part)
	}
	if err := tellsNothing(d.t, part); err != nil {
		return err
	}
	return os.WriteFile(d.file(usualSheet), bytes.Replace(sheet, []byte(blank), []byte(part), 1), 0o666)
}

// tellsNothing checks that the predictions in a README are neither right nor a
// common mistake, because a reader sees them before predicting.
func tellsNothing(t *testing.T, part string) error {
	all := questions(t)
	predicted, odd := answers.Predictions("", part, all)
	if len(odd) > 0 {
		return fmt.Errorf("%q", odd)
	}
	for id, it := range answers.Items(all) {
		known := []string{it.Answer}
		for _, m := range it.Mistakes {
			known = append(known, m.Answer)
		}
		for _, answer := range known {
			if p := predicted[id].Words; p != "" && it.Form.Same(p, answer) {
				return fmt.Errorf("%s: the prediction %q tells the reader something; take one that nobody would make", id, p)
			}
		}
	}
	return nil
}

// question checks that a question has all of its parts, as in the files in answers/.
func (d *desk) question(text string) error {
	err := os.WriteFile(d.file("answers/9-example.md"), []byte("# 9. An example\n\n"+text), 0o666)
	all, failed := answers.Questions(d.file("answers"))
	if err := errors.Join(err, failed); err != nil {
		return err
	}
	for _, it := range all[len(all)-1].Items {
		if !it.Form.Same(it.Answer, it.Answer) || it.Hint == "" {
			return fmt.Errorf("%s has the form %q, the answer %q and the hint %q, want all three", it.ID, it.Form.Words, it.Answer, it.Hint)
		}
		for _, m := range it.Mistakes {
			if !it.Form.Same(m.Answer, m.Answer) || m.Why == "" {
				return fmt.Errorf("%s has the mistake %q, which is not %s, or nothing after it: %q", it.ID, m.Answer, it.Form.Words, m.Why)
			}
		}
		return nil
	}
	return errors.New("it has no question")
}

// fillWrongly makes a worksheet with two wrong predictions, both of lesson 6, and an
// answer in the reader's own words.
func (d *desk) fillWrongly() {
	d.t.Helper()
	var wrong []*answers.Item
	for _, it := range questions(d.t)[5].Items {
		if len(it.Mistakes) > 0 {
			wrong = append(wrong, it)
		}
	}
	sheet := ""
	for _, it := range wrong[:2] {
		sheet += fmt.Sprintf("### %s\n> %s\n\n", it.ID, it.Mistakes[0].Answer)
	}
	sheet += "## In your own words\nTo sleep.\n"
	if err := os.WriteFile(d.file(usualSheet), []byte(sheet), 0o666); err != nil {
		d.t.Fatal(err)
	}
}

// program saves a program. The go command finds it under the name in its first line,
// as if it were in the project's directory.
func (d *desk) program(text string) error {
	name, found := strings.CutPrefix(strings.SplitN(text, "\n", 2)[0], "// ")
	formatted, err := format.Source([]byte(text))
	switch {
	case err != nil:
		return err
	case !found || !strings.HasSuffix(name, ".go"):
		return fmt.Errorf("the first line is %q, want // and the name of the file", name)
	case string(formatted) != text:
		return fmt.Errorf("got\n%s\nwant, as gofmt has it,\n%s", text, formatted)
	}
	top, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	file := d.file("program.go")
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(top, name): file}})
	d.overlay = d.file("overlay.json")
	return errors.Join(err, os.WriteFile(file, []byte(text), 0o666), os.WriteFile(d.overlay, overlay, 0o666))
}

// A promise checks what a README says about a command.
type promise func(t *testing.T, d *desk, command string) error

var promises = map[string]promise{
	"go run ./lessons/06-daemon":                 prints(counts{"LESSON 6 ": 1, "\nplan ": 1, "\nprints ": 1, "\nsaw ": 2, "\ntry ": 1}),
	"go run ./lessons/04-pool -facts -form 2 4c": prints(counts{"4c\t": 1, "\n": 1}),
	"go doc ./mp":         prints(counts{"A program": 1, "Python's words": 1}),
	"go doc mp.Queue.Put": prints(counts{"Put(ctx context.Context, v T) error": 1, "If the queue is full": 2}),
	"go doc -all ./mp":    prints(counts{"Promises": 1, "How a child is made": 1, "func NewPool": 1}),

	"go test -run Quiz/Q6/6a":              prints(counts{"this machine   disagrees": 1, "0 of 1 right": 1}),
	"go test -run Quiz/Q6":                 prints(counts{"this machine   disagrees": 2, " right, 2 wrong, ": 1}),
	"go test -failfast":                    prints(counts{"this machine   disagrees": 1}),
	"go test -reveal":                      prints(counts{"this machine   says ": 2}),
	"go test -start -form 2":               prints(counts{"Your worksheet is answers/mine-2.md. Predict, then: go test ": 1}),
	"go test -form 2":                      prints(counts{"\n0 of ": 1, " blank.\n": 1}),
	"go test -words":                       prints(counts{"A good answer says": 1, "\n    To sleep.\n": 1}),
	"go test -sheet DIR":                   prints(counts{"    0      2     (0)            0 ": 1, "  mine.md\n": 1, " predicted  ": 2}),
	"go test -sheet DIR -words":            prints(counts{"A good answer says": 1, "\n    To sleep.\n": 1}),
	"go test -sheet DIR -run 'Quiz/Q[38]'": prints(counts{"worksheets read\n": 1, "  mine.md\n": 1}),
	"go test -sheet FILE -json": prints(counts{
		`"attr","Package":"processbook","Test":"TestQuiz/Q6","Key":"predictions","Value":"0/`: 1,
		`"fail","Package":"processbook","Test":"TestQuiz/Q6/6`:                                2}),

	"go test -run TestBlank -update": rewritesTheBlankSheet,
	"git restore lessons":            takesChangesBack,

	// These would run this test again, so it checks only that the tests exist.
	"go test ./...":                             tests("processbook", "processbook/lessons", "processbook/lessons/01-process", "processbook/mp"),
	"go test . ./answers ./lessons/...":         tests("processbook", "processbook/answers", "processbook/lessons", "processbook/lessons/01-process"),
	"go test ./lessons/06-daemon":               tests("processbook/lessons/06-daemon"),
	"go test ./lessons -run Readme -update":     hasUpdate,
	"go test ./lessons/08-ipc -run Exercise -v": hasAnExercise,
	"bash .ci/run":                              runsEverything,
	"go test ./mp -run '^$' -bench .":           measures("StartAndJoin", "PipeRoundTrip", "QueueInts1to1", "PoolOneByOne"),
}

type counts map[string]int

// prints checks how often each text is printed. The command may fail, because go
// test fails after a wrong prediction.
func prints(texts counts) promise {
	return func(_ *testing.T, d *desk, command string) error {
		output, err := d.run(command)
		for text, want := range texts {
			if got := strings.Count(output, text); got != want {
				return fmt.Errorf("got %d times %q, want %d; it ends with %v and prints\n%s", got, text, want, err, output)
			}
		}
		return nil
	}
}

// tests checks that the command finds these packages, and that they have tests.
func tests(packages ...string) promise {
	return func(_ *testing.T, _ *desk, command string) error {
		list := []string{"go", "list", "-f", "{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}"}
		output, err := typed("..", append(list, strings.Fields(command)[2:]...)...)
		for _, p := range packages {
			if !slices.Contains(strings.Fields(output), p) {
				return fmt.Errorf("go list gives %q, %v, want %s among them", output, err, p)
			}
		}
		return nil
	}
}

func measures(rows ...string) promise {
	return func(*testing.T, *desk, string) error {
		var all strings.Builder
		files, _ := filepath.Glob("../mp/bench_*_test.go")
		for _, file := range files {
			text, _ := os.ReadFile(file)
			all.Write(text)
		}
		for _, row := range rows {
			if !strings.Contains(all.String(), "\nfunc Benchmark"+row+"(") {
				return fmt.Errorf("%s has no benchmark", row)
			}
		}
		return nil
	}
}

// hasAnExercise does not run it: a reader may have begun it.
func hasAnExercise(_ *testing.T, _ *desk, command string) error {
	output, err := typed("..", strings.Fields(strings.Replace(command, "-run", "-list", 1))...)
	if !strings.Contains(output, "TestExercise\n") {
		return fmt.Errorf("with -list it prints %q, %v, want TestExercise", output, err)
	}
	return nil
}

func hasUpdate(*testing.T, *desk, string) error {
	if flag.Lookup("update") == nil {
		return errors.New("the flag -update is missing")
	}
	return nil
}

// rewritesTheBlankSheet lets the command write into another directory.
func rewritesTheBlankSheet(t *testing.T, d *desk, command string) error {
	copied := t.TempDir()
	blank := filepath.Join(copied, "answers", "blank.md")
	err := os.CopyFS(filepath.Dir(blank), os.DirFS("../answers"))
	return errors.Join(err, mends(blank, func() error {
		_, err := typed(copied, d.built(strings.Fields(command))...)
		return err
	}))
}

// mends checks that a command rewrites a file as it was. Line ends may differ.
func mends(file string, mend func() error) error {
	want, err := os.ReadFile(file)
	err = errors.Join(err, os.WriteFile(file, []byte("spoilt"), 0o666), mend())
	got, _ := os.ReadFile(file)
	if !bytes.Equal(bytes.ReplaceAll(got, []byte("\r"), nil), bytes.ReplaceAll(want, []byte("\r"), nil)) {
		return fmt.Errorf("%s (%v) is\n%s", file, err, got)
	}
	return err
}

func takesChangesBack(t *testing.T, _ *desk, command string) error {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is missing: ", err)
	}
	clone := t.TempDir()
	err := os.CopyFS(filepath.Join(clone, "lessons"), os.DirFS("."))
	for _, command := range []string{"git init -q", "git add lessons"} {
		output, failed := typed(clone, strings.Fields(command)...)
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w: %s", command, failed, output))
		}
	}
	return errors.Join(err, mends(filepath.Join(clone, "lessons", "06-daemon", "main.go"), func() error {
		_, err := typed(clone, strings.Fields(command)...)
		return err
	}))
}

// runsEverything only reads the list of tests: to run them would run this test
// again.
func runsEverything(*testing.T, *desk, string) error {
	text, err := os.ReadFile("../.ci/run")
	for _, want := range []string{"gofmt", "go vet", "go test", "-race"} {
		if !bytes.Contains(text, []byte(want)) {
			return fmt.Errorf(".ci/run has no %s (%v)", want, err)
		}
	}
	return err
}
