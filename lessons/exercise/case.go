package exercise

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"processbook/mp"
)

// A Case is one part of the test of an exercise. It runs in its own process. So
// the reader's code cannot disturb the other tests, and leaves nothing behind.
type Case struct {
	Name string
	Try  func(*Trial)
}

// A Test has the methods of a *testing.T that are needed here. Lessons import
// this package, and package testing should not be in a lesson.
type Test interface {
	Name() string
	Output() io.Writer
	Fail()
	FailNow()
	SkipNow()
	TempDir() string
}

// SkipUntilBegun skips the test of an exercise if exercise.go is still the stub.
func SkipUntilBegun(t Test) {
	dir, _ := os.Getwd()
	file := "lessons/" + filepath.Base(dir) + "/exercise.go"
	ok, err := begun("exercise.go")
	switch {
	case err != nil:
		fmt.Fprintf(t.Output(), "%s cannot be read: %v; to get it back: git restore %[1]s\n", file, err)
		t.FailNow()
	case !ok:
		fmt.Fprintf(t.Output(), "not begun: %s (it still has the line %s)\n", file, stub)
		t.SkipNow()
	}
}

// These are the exit codes of a trial, unless the reader's code ends its process.
const (
	passed = 90
	failed = 91
)

// Check tries the case. If it fails, Check prints what the reader's code has
// printed, and then the failure.
func (c Case) Check(t Test) {
	if os.Getenv(dirVar) != "" {
		c.Try(new(Trial))
		os.Exit(passed)
	}
	dir := t.TempDir()
	program, err := os.Executable()
	if err != nil {
		program = os.Args[0]
	}
	var output tail
	cmd := exec.Command(program, "-test.run="+pattern(t.Name()), "-test.timeout=0")
	cmd.Env = append(os.Environ(), dirVar+"="+dir)
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.WaitDelay = usualLimit // if the trial leaves processes, they hold the output open
	err = cmd.Run()
	code := cmd.ProcessState.ExitCode()
	if code == passed && !errors.Is(err, exec.ErrWaitDelay) {
		return
	}
	fmt.Fprintf(t.Output(), "%s", output)
	if code != failed {
		did, _ := os.ReadFile(filepath.Join(dir, "did"))
		fmt.Fprint(t.Output(), report(string(did), unexpected(err), lookAtEnd))
	}
	t.Fail()
}

// pattern returns the pattern with which -test.run finds only this test.
func pattern(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

const lookAtEnd = "If it was a panic, its line is above. os.Exit and log.Fatal end the process " +
	"in which they are called. Return an error instead."

// unexpected says how a trial ended, if it did not end with passed or failed.
func unexpected(err error) string {
	if errors.Is(err, exec.ErrWaitDelay) {
		return "Your function has returned, but a process that it started was still there at the end."
	}
	how := "exit status 0"
	if err != nil {
		how = err.Error()
	}
	return "The process that called your function ended before your function had returned: " + how + "."
}

// A tail keeps the last bytes that are written to it.
type tail []byte

func (t *tail) Write(p []byte) (int, error) {
	*t = append(*t, p...)
	if n := len(*t) - 20_000; n > 0 {
		*t = append(tail("..."), (*t)[n:]...)
	}
	return len(p), nil
}

// A Trial is one run of a Case.
type Trial struct{ did string }

// Did tells what the test does next. A failure begins with this text. Did deletes
// the notes of the steps before.
func (t *Trial) Did(format string, args ...any) {
	os.Remove(inTrial("notes"))
	t.did = fmt.Sprintf(format, args...)
	os.WriteFile(inTrial("did"), []byte(t.did), 0o666) // for Check, if this process ends
}

// Call calls the reader's code. The test fails if the code does not return in
// time, or leaves processes. look tells the reader where to look if it does not
// return.
func (t *Trial) Call(look string, code func()) {
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		code()
	}()
	select {
	case <-returned:
	case <-time.After(Limit()):
		if started, _ := filepath.Glob(inTrial("process.*")); len(started) < 2 { // this process is one of them
			look = "No process was started: did Start return an error?"
		}
		t.Fail(fmt.Sprintf("After %v it has not returned. Each process waits here:", Limit()), look, everywhere()...)
	}
	var left []string
	for _, c := range mp.Children() {
		left = append(left, fmt.Sprintf("%s (PID %d)", c.Name, c.PID()))
	}
	if len(left) > 0 {
		t.Fail("It has returned before all its processes have ended. Still alive: "+strings.Join(left, ", ")+".", lookAtLeft)
	}
}

const lookAtLeft = "Only Join tells that a process has ended. Terminate and Kill return earlier than that, and a result can " +
	"arrive earlier than that. Call Join for each process, on each way out of your function. A Join whose ctx has ended does not wait."

// Fail ends the trial. It prints what the test did, what it saw, some more lines,
// and where to look.
func (t *Trial) Fail(saw, look string, lines ...string) {
	fmt.Print(report(t.did, saw, look, lines...))
	os.Exit(failed) // so the children also end
}

// report returns one paragraph for each of its parts.
func report(did, saw, look string, lines ...string) string {
	text := paragraph("did", did) + paragraph("saw", saw)
	for _, line := range lines {
		text += strings.Repeat(" ", 9) + line + "\n"
	}
	return text + paragraph("look", look)
}

// paragraph breaks a text into lines. They are short, because go test indents
// them.
func paragraph(label, text string) string {
	var b strings.Builder
	line := fmt.Sprintf("%-6s", label)
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > 70 {
			b.WriteString(line + "\n")
			line = strings.Repeat(" ", 6)
		}
		line += " " + word
	}
	return b.String() + line + "\n"
}
