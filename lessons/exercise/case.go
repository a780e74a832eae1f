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

// A Case is one thing on which the test of an exercise insists. It is tried in a
// process of its own: whatever the reader's code does there, the lesson's other
// tests do not notice, and nothing is left behind.
type Case struct {
	Name string
	Try  func(*Trial)
}

// A Test is a *testing.T, as far as it is needed here. Lessons import this
// package, and package testing should not be in a lesson.
type Test interface {
	Name() string
	Output() io.Writer
	Fail()
	FailNow()
	SkipNow()
	TempDir() string
}

// SkipUntilBegun skips the test of an exercise as long as exercise.go is the
// stub.
func SkipUntilBegun(t Test) {
	dir, _ := os.Getwd()
	file := "lessons/" + filepath.Base(dir) + "/exercise.go"
	ok, err := begun("exercise.go")
	switch {
	case err != nil:
		fmt.Fprintf(t.Output(), "%s cannot be read: %v; git restore %[1]s brings it back\n", file, err)
		t.FailNow()
	case !ok:
		fmt.Fprintf(t.Output(), "not begun: %s (it still has the line %s)\n", file, stub)
		t.SkipNow()
	}
}

// How the process of a trial ends, if the reader's code does not end it.
const (
	passed = 90
	failed = 91
)

// Check tries the case. If it fails, what it says comes after what the reader's
// code has printed.
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
	cmd.WaitDelay = usualLimit // the processes that are left hold the output open
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

// pattern is what -test.run needs to find only this test.
func pattern(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

const lookAtEnd = "A panic says above in which line it was. os.Exit and log.Fatal end the process " +
	"in which they are called. Return an error instead, and let the test decide."

// unexpected says how a trial ended that did not end as it should.
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

// A tail is the end of what is written to it.
type tail []byte

func (t *tail) Write(p []byte) (int, error) {
	*t = append(*t, p...)
	if n := len(*t) - 20_000; n > 0 {
		*t = append(tail("..."), (*t)[n:]...)
	}
	return len(p), nil
}

// A Trial is a Case that is being tried.
type Trial struct{ did string }

// Did says what the test does next. It is the first thing that a failure tells.
// The notes of what the test did before are forgotten.
func (t *Trial) Did(format string, args ...any) {
	os.Remove(inTrial("notes"))
	t.did = fmt.Sprintf(format, args...)
	os.WriteFile(inTrial("did"), []byte(t.did), 0o666) // for Check, if this process ends
}

// Call calls the reader's code, for a limited time. After it no process may be
// left. If it does not return, look says where to look.
func (t *Trial) Call(look string, code func()) {
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		code()
	}()
	select {
	case <-returned:
	case <-time.After(Limit()):
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

// Fail ends the trial: it tells what the test did, what it saw, perhaps with
// some lines, and where to look.
func (t *Trial) Fail(saw, look string, lines ...string) {
	fmt.Print(report(t.did, saw, look, lines...))
	os.Exit(failed) // and so the children end
}

// report has a paragraph for each of its parts.
func report(did, saw, look string, lines ...string) string {
	text := paragraph("did", did) + paragraph("saw", saw)
	for _, line := range lines {
		text += strings.Repeat(" ", 9) + line + "\n"
	}
	return text + paragraph("look", look)
}

// paragraph breaks a text into lines, and leaves room for what go test writes in
// front of them.
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
