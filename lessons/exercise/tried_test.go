package exercise

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// An attempt is what somebody may write in exercise.go: the worked solution with
// some changes, or something else.
type attempt struct {
	lesson, name string
	edits        []string // a text in the solution, what to write in its place, and so on
	text         string   // or all of it
	says         string   // what its failure has to say; "" if it is right
	limit        string   // EXERCISE_LIMIT, if it waits in vain
}

// attempts are right and wrong ones, for each exercise.
var attempts = slices.Concat(attempts3)

const soon = "6s"

var solutions = map[string]string{
	"03-api":       "3-ask.md",
	"04-pool":      "4-translate.md",
	"07-terminate": "7-watchdog.md",
	"08-ipc":       "8-count.md",
}

// The worked solutions in answers/exercises are right, each in its lesson.
func TestWorkedSolutions(t *testing.T) {
	b := newBench(t)
	for lesson := range solutions {
		b.overlay("lessons/"+lesson+"/exercise.go", b.solution(lesson))
	}
	var packages []string
	for lesson := range solutions {
		packages = append(packages, "./lessons/"+lesson)
	}
	b.build(packages...)
	for lesson := range solutions {
		t.Run(lesson, func(t *testing.T) {
			b.try(t, attempt{lesson: lesson}, lesson)
		})
	}
}

// What the test says of wrong solutions helps. Other right ones are right.
func TestAttempts(t *testing.T) {
	b := newBench(t)
	for i, a := range attempts {
		dir := fmt.Sprintf("lessons/exercise/tried/%s-%d/", a.lesson, i)
		b.overlay(dir+"exercise.go", b.written(a))
		b.overlay(dir+"exercise_test.go", b.read("lessons/"+a.lesson+"/exercise_test.go"))
		b.overlay(dir+"main_test.go", "package main\n\nimport (\n\"os\"\n\"testing\"\n\n\"processbook/mp\"\n)\n\n"+
			"func TestMain(m *testing.M) {\nmp.Init()\nos.Exit(m.Run())\n}\n\nfunc main() {}\n")
	}
	b.build("./lessons/exercise/tried/...")
	t.Run("group", func(t *testing.T) {
		for i, a := range attempts {
			t.Run(a.lesson+" "+a.name, func(t *testing.T) {
				t.Parallel()
				b.try(t, a, fmt.Sprintf("%s-%d", a.lesson, i))
			})
		}
	})
}

// A bench is where attempts are built: the go command sees files in this project
// that are not there.
type bench struct {
	t     *testing.T
	top   string
	dir   string
	files map[string]string // in the project -> on the disk
}

func newBench(t *testing.T) *bench {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip(err)
	}
	top, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return &bench{t, top, t.TempDir(), make(map[string]string)}
}

func (b *bench) read(name string) string {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.top, name))
	if err != nil {
		b.t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

var goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")

// solution is the Go text in a file of answers/exercises.
func (b *bench) solution(lesson string) string {
	b.t.Helper()
	found := goBlock.FindStringSubmatch(b.read("answers/exercises/" + solutions[lesson]))
	if found == nil {
		b.t.Fatalf("%s has no block of Go", solutions[lesson])
	}
	if text, err := format.Source([]byte(found[1])); err != nil || string(text) != found[1] {
		b.t.Errorf("%s: %v, want, as gofmt has it,\n%s", solutions[lesson], err, text)
	}
	return found[1]
}

// written is the text of an attempt.
func (b *bench) written(a attempt) string {
	b.t.Helper()
	text := cmp.Or(a.text, b.solution(a.lesson))
	for i := 0; i < len(a.edits); i += 2 {
		if strings.Count(text, a.edits[i]) != 1 {
			b.t.Fatalf("%s, %s: want once %q in\n%s", a.lesson, a.name, a.edits[i], text)
		}
		text = strings.Replace(text, a.edits[i], a.edits[i+1], 1)
	}
	return text
}

func (b *bench) overlay(name, text string) {
	b.t.Helper()
	file := filepath.Join(b.dir, fmt.Sprintf("%d.go", len(b.files)))
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		b.t.Fatal(err)
	}
	b.files[filepath.Join(b.top, filepath.FromSlash(name))] = file
}

// build builds tests, each into a file with the name of its package.
func (b *bench) build(packages ...string) {
	b.t.Helper()
	list, err := json.Marshal(map[string]any{"Replace": b.files})
	overlay := filepath.Join(b.dir, "overlay.json")
	if err = errors.Join(err, os.WriteFile(overlay, list, 0o666)); err != nil {
		b.t.Fatal(err)
	}
	args := append([]string{"test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", overlay, "-o", b.dir + string(filepath.Separator)}, packages...)
	cmd := exec.Command("go", args...)
	cmd.Dir = b.top
	if out, err := cmd.CombinedOutput(); err != nil {
		b.t.Fatalf("%v\n%s", err, out)
	}
}

// try runs a test that was built, in a directory like that of the lesson.
func (b *bench) try(t *testing.T, a attempt, built string) {
	dir := filepath.Join(t.TempDir(), "lessons", a.lesson)
	if err := errors.Join(os.MkdirAll(dir, 0o777), os.WriteFile(filepath.Join(dir, "exercise.go"), []byte(b.written(a)), 0o666)); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(b.dir, built+".test")
	if _, err := os.Stat(program); err != nil {
		program += ".exe"
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "-test.run=^TestExercise$", "-test.v")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "EXERCISE_LIMIT="+a.limit)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	text := strings.Join(strings.Fields(string(out)), " ")
	switch {
	case a.says == "" && (err != nil || !strings.HasSuffix(text, "PASS")):
		t.Errorf("it is right, and fails with %v:\n%s", err, out)
	case a.says == "":
	case err == nil:
		t.Errorf("it is wrong, and passes:\n%s", out)
	case !strings.Contains(text, a.says):
		t.Errorf("want a failure that says %q, got\n%s", a.says, out)
	}
	t.Logf("%s", out)
}

var _ sync.Mutex
