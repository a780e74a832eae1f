package exercise

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// exercises has the lesson, the reader's function, and the file in
// answers/exercises.
var exercises = []struct{ lesson, function, answer string }{
	{"03-api", "ask", "3-ask.md"},
	{"04-pool", "translateAll", "4-translate.md"},
	{"07-terminate", "watchdog", "7-watchdog.md"},
	{"08-ipc", "countWords", "8-count.md"},
}

// longTests is set by whoever also wants the tests that take long.
var longTests = os.Getenv("LONG_TESTS") != ""

// Each worked solution passes the test of its lesson. The quick test tries the
// first one.
func TestWorkedSolutions(t *testing.T) {
	t.Parallel()
	exercises := exercises
	if !longTests {
		exercises = exercises[:1]
	}
	b := newBench(t)
	var packages []string
	for _, e := range exercises {
		b.overlay("lessons/"+e.lesson+"/exercise.go", b.solution(e.lesson))
		packages = append(packages, "./lessons/"+e.lesson)
	}
	b.build(packages...)
	for _, e := range exercises {
		t.Run(e.lesson, func(t *testing.T) {
			t.Parallel()
			output, err := b.try(attempt{lesson: e.lesson}, b.solution(e.lesson), "-right")
			tell(t, output, err)
			notBegun := strings.Replace(b.solution(e.lesson), ") {\n", ") {\n\t"+stub+"\n", 1)
			output, err = b.try(attempt{lesson: e.lesson}, notBegun, "-stub")
			if want := "not begun: lessons/" + e.lesson + "/exercise.go"; err != nil || !strings.Contains(output, want) || !strings.Contains(output, "SKIP") {
				t.Errorf("of a stub: %v, want to be skipped with %q:\n%s", err, want, output)
			}
		})
	}
}

var tryThese = flag.String("attempts", "", "let TestAttempts try the attempts whose names match this `REGEXP`, in all cases; with LONG_TESTS, it tries all, each in the case that fails")

// Wrong solutions fail with a text that helps. Other right solutions pass.
func TestAttempts(t *testing.T) {
	if *tryThese == "" && !longTests {
		t.Skip("to try other solutions: go test ./lessons/exercise -attempts .")
	}
	t.Parallel() // some attempts wait for their limit
	b := newBench(t)
	attempts, err := readAttempts()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range exercises {
		b.together(e.lesson, e.function, attempts)
	}
	b.build("./lessons/exercise/tried/...")
	type result struct {
		output string
		err    error
	}
	results, slots := make(map[int]chan result), make(chan struct{}, 4)
	for i, a := range attempts {
		if !regexp.MustCompile(*tryThese).MatchString(a.lesson + " " + a.name) {
			continue
		}
		results[i] = make(chan result, 1)
		go func() {
			if !a.hangs { // an attempt that hangs needs no CPU
				slots <- struct{}{}
				defer func() { <-slots }()
			}
			output, err := b.try(a, b.text(a), fmt.Sprint(i))
			for n := 0; n < 3 && err != nil; n++ { // a wrong solution may pass by luck, and a busy machine may be too slow
				a.hangs = false
				output, err = b.try(a, b.text(a), fmt.Sprint(i))
			}
			results[i] <- result{output, err}
		}()
	}
	for i, a := range attempts {
		if results[i] != nil {
			t.Run(a.lesson+" "+a.name, func(t *testing.T) {
				r := <-results[i]
				tell(t, r.output, r.err)
			})
		}
	}
}

func tell(t *testing.T, output string, err error) {
	if err != nil {
		t.Error(err)
	}
	t.Logf("%s", output)
}

// A bench builds attempts. With an overlay, the go command sees files in this
// project that do not exist.
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
	os.ReadDir("../../mp") // so that go test does not use an old result if a file there has changed
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

// solution returns the Go text in a file of answers/exercises.
func (b *bench) solution(lesson string) string {
	b.t.Helper()
	for _, e := range exercises {
		if e.lesson != lesson {
			continue
		}
		found := goBlock.FindStringSubmatch(b.read("answers/exercises/" + e.answer))
		if found == nil {
			b.t.Fatalf("%s has no block of Go", e.answer)
		}
		if text, err := format.Source([]byte(found[1])); err != nil || string(text) != found[1] {
			b.t.Fatalf("%s: %v, want, as gofmt has it,\n%s", e.answer, err, text)
		}
		return found[1]
	}
	b.t.Fatalf("%s has no exercise", lesson)
	return ""
}

// text returns the text of an attempt.
func (b *bench) text(a attempt) string {
	b.t.Helper()
	text, err := a.written(b.solution(a.lesson))
	if err != nil {
		b.t.Error(err)
	}
	return text
}

var topLevel = regexp.MustCompile(`(?m)^(?:func|type|var|const) ([A-Za-z]\w*)`)

// together puts all attempts at an exercise into one package, because to build a
// package for each would take a minute. Each name gets a number, and a variable
// chooses one of the functions.
func (b *bench) together(lesson, function string, attempts []attempt) {
	b.t.Helper()
	dir := "lessons/exercise/tried/" + lesson + "/"
	numbers, functions := "", ""
	for i, a := range attempts {
		if a.lesson != lesson {
			continue
		}
		text := b.text(a)
		for _, name := range topLevel.FindAllStringSubmatch(text, -1) {
			text = regexp.MustCompile(`\b`+name[1]+`\b`).ReplaceAllString(text, fmt.Sprintf("%s_%d", name[1], i))
		}
		b.overlay(fmt.Sprintf("%sattempt%d.go", dir, i), fmt.Sprintf("//line %d/exercise.go:1\n%s", i, text))
		numbers += fmt.Sprintf("%d, ", i)
		functions += fmt.Sprintf(", %s_%d", function, i)
	}
	b.overlay(dir+"chosen.go", fmt.Sprintf(chosen, function, numbers, functions))
	b.overlay(dir+"main_test.go", mainTest)
	b.overlay(dir+"exercise_test.go", b.read("lessons/"+lesson+"/exercise_test.go"))
}

const (
	attemptVar = "EXERCISE_ATTEMPT"

	chosen = `package main

import (
	"os"
	"slices"
	"strconv"
)

var %s = chosen([]int{%s}%s)

func chosen[F any](numbers []int, functions ...F) F {
	n, _ := strconv.Atoi(os.Getenv("` + attemptVar + `"))
	return functions[slices.Index(numbers, n)]
}

func main() {}
`
	mainTest = `package main

import (
	"os"
	"testing"

	"processbook/mp"
)

func TestMain(m *testing.M) {
	mp.Init()
	os.Exit(m.Run())
}
`
)

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

// soon is the limit for an attempt that hangs.
const soon = "6s"

// try runs a test that was built, in a directory like that of the lesson. It
// returns an error if the test's output is not the expected one.
func (b *bench) try(a attempt, text, number string) (output string, err error) {
	dir := filepath.Join(b.dir, "try"+number, "lessons", a.lesson)
	err = errors.Join(os.MkdirAll(dir, 0o777), os.WriteFile(filepath.Join(dir, "exercise.go"), []byte(text), 0o666))
	if err != nil {
		return "", err
	}
	program := filepath.Join(b.dir, a.lesson+".test")
	if _, err := os.Stat(program); err != nil {
		program += ".exe"
	}
	ctx, cancel := context.WithTimeout(b.t.Context(), 5*time.Minute)
	defer cancel()
	pattern := "^TestExercise$"
	if *tryThese == "" && a.in != "" {
		pattern += "/" + a.in // the test of a learner has all cases, so it also fails
	}
	cmd := exec.CommandContext(ctx, program, "-test.run="+pattern, "-test.v")
	cmd.Dir, cmd.WaitDelay = dir, time.Second
	cmd.Env = append(os.Environ(), attemptVar+"="+number)
	if a.hangs {
		cmd.Env = append(cmd.Env, limitVar+"="+soon)
	}
	out, err := cmd.CombinedOutput()
	said := strings.Join(strings.Fields(string(out)), " ")
	switch {
	case a.says == "" && (err != nil || !strings.HasSuffix(said, "PASS")):
		return string(out), fmt.Errorf("this right solution does not pass: %v", err)
	case a.says != "" && err == nil:
		return string(out), errors.New("this wrong solution passes")
	case !strings.Contains(said, a.says):
		return string(out), fmt.Errorf("want a failure that says %q", a.says)
	}
	return string(out), nil
}
