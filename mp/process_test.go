package mp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"testing"
	"time"
)

// The test binary can also run one of the programs, which a test can then kill
// or interrupt.
func TestMain(m *testing.M) {
	if os.Getenv("GORACE") == "" { // otherwise, with -race, every child sleeps for a second before it ends
		os.Setenv("GORACE", "atexit_sleep_ms=0")
	}
	if run := rawPrograms[os.Getenv("MP_TEST_PROGRAM")]; run != nil {
		if err := run(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	Init()
	if run := programs[os.Getenv("MP_TEST_PROGRAM")]; run != nil {
		Main(run)
		os.Exit(0)
	}
	if signal.Ignored(os.Interrupt) { // as in the background of a script; the programs must not inherit that
		signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	}
	os.Exit(m.Run())
}

var programs = map[string]func(context.Context) error{}

// program returns a command that runs Main with one of the programs. All of its
// descendants have its standard output, so stdout gets EOF when all have ended.
func program(t *testing.T, name string) (cmd *exec.Cmd, stdout *bufio.Reader) {
	t.Helper()
	if programs[name] == nil {
		t.Fatalf("unknown program %q", name)
	}
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "MP_TEST_PROGRAM="+name)
	cmd.WaitDelay = 10 * time.Second // in case a descendant still has its standard error
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.Process != nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
	})
	return cmd, bufio.NewReader(pipe)
}

// The children of the tests run these functions.
var (
	exitWith = Proc("exitWith", func(code int) error { os.Exit(code); return nil })
	fail     = Proc("fail", func(text string) error { return errors.New(text) })
	burst    = Proc("burst", func(text string) error { panic(text) })
	crash    = Proc("crash", func(None) error { go panic("unseen"); select {} })
	wait     = Proc("wait", func(c *Conn[string, string]) error {
		c.Send("here")
		_, err := c.Recv()
		return err
	})
	echo = Proc("echo", func(c *Conn[string, string]) error {
		for {
			s, err := c.Recv()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			c.Send(Current().Name + ": " + s)
		}
	})
)

func start(t *testing.T, p *Process) *Process {
	t.Helper()
	if err := p.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Kill(); <-p.Done() })
	return p
}

// soon returns a context that ends in half a minute. In a correct program, no
// call takes that long.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// inTime calls do, which must not wait forever.
func inTime(t *testing.T, what string, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
	case <-soon(t).Done():
		t.Fatalf("%s: still waiting after half a minute", what)
	}
}

// longTests is set by whoever also wants the tests that take long.
var longTests = os.Getenv("LONG_TESTS") != ""

// many returns n in the long tests, and a fifth of it in the quick ones.
func many(n int) int {
	if !longTests {
		return max(1, n/5)
	}
	return n
}

// until asks again and again until so() is true, if there is no message to wait
// for.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	for ctx := soon(t); !so(); time.Sleep(time.Millisecond) {
		if ctx.Err() != nil {
			t.Fatalf("%s: not true after half a minute", what)
		}
	}
}

func TestExitCodes(t *testing.T) {
	for _, test := range []struct {
		p    *Process
		code int
		text string
	}{
		{NewProcess(exitWith, 0), 0, ""},
		{NewProcess(exitWith, 7), 7, "exit code 7"},
		{NewProcess(fail, "no more paper"), 1, "fail: no more paper"},
		{NewProcess(burst, "too much"), 2, "burst: panic: too much"},
		{NewProcess(crash, None{}), 2, "panic: unseen"},
	} {
		p := start(t, test.p)
		err := p.Join(soon(t))
		if code, ended := p.ExitCode(); code != test.code || !ended {
			t.Errorf("%s: ExitCode() = %d, %t; want %d, true", test.text, code, ended, test.code)
		}
		if test.text != "" && (err == nil || !strings.Contains(err.Error(), test.text)) {
			t.Errorf("Join() = %v, want ... %s", err, test.text)
		}
		if test.text == "" && err != nil {
			t.Error(err)
		}
	}
}

func TestTerminateAndKill(t *testing.T) {
	for code, end := range map[int]func(*Process) error{-15: (*Process).Terminate, -9: (*Process).Kill} {
		ours, theirs := Pipe[string, string]()
		p := start(t, NewProcess(wait, theirs))
		if s, err := ours.Recv(); s != "here" || err != nil {
			t.Fatal(s, err)
		}
		if err := end(p); err != nil {
			t.Fatal(err)
		}
		p.Join(soon(t))
		if got, _ := p.ExitCode(); got != code {
			t.Errorf("got %d, want %d", got, code)
		}
		if _, err := ours.Recv(); err != io.EOF {
			t.Error(err)
		}
		if err := end(p); err != nil {
			t.Error(err)
		}
	}
}

func TestPipeMovesIntoTheChild(t *testing.T) {
	ours, theirs := Pipe[string, string]()
	p := NewProcess(echo, theirs)
	p.Name = "Echo"
	start(t, p)
	for i := range 3 {
		ours.Send(fmt.Sprint(i))
		got, err := ours.Recv()
		if want := fmt.Sprintf("Echo: %d", i); got != want || err != nil {
			t.Errorf("Recv() = %q, %v; want %q", got, err, want)
		}
	}
	if _, err := theirs.Recv(); !errors.Is(err, ErrMoved) {
		t.Error(err)
	}
	ours.Close()
	if err := p.Join(soon(t)); err != nil {
		t.Error(err)
	}
}
