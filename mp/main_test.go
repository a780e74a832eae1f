package mp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A program that does not call Main. TestMain runs it before Init.
func init() {
	rawPrograms["without Main"] = func(_, out *os.File) error {
		fmt.Fprintln(out, "main runs")
		err := NewProcess(exitWith, 0).Start(context.Background())
		fmt.Fprintln(out, err)
		return err
	}
}

// A program without Main does not start itself again and again. Start returns an
// error that says what to write.
func TestNoMain(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "MP_TEST_PROGRAM=without Main")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("got %v, want exit status 1", err)
	}
	if n := strings.Count(string(out), "main runs"); n != 1 || !strings.Contains(string(out), "mp.Main(run)") {
		t.Errorf("main ran %d times:\n%s", n, out)
	}
}

// If somebody copies the marker of a child into an environment, the program says
// so.
func TestStrayChild(t *testing.T) {
	for _, marker := range []string{"3,4,5", "yes", importPath + " 1x:3,4,5 0 another", "3,4,x", "0,1,2,99999", "99999999999999999999"} {
		checkStray(t, marker, new(exec.Cmd), 2)
	}
}

// G8: a child ends if its parent sends nothing, or nonsense. After nonsense, it
// says why.
func TestNonsenseForANewborn(t *testing.T) {
	t.Parallel()
	whole := talk(say(msgOrders, 0, orders{Func: "square"}), say(msgArgument, 0, nil))
	for said, code := range map[string]int{
		"": 1, string(whole[:5]): 1, string(whole[:len(whole)-1]): 1, // the parent is gone
		strings.Repeat("\x00", 100): 1, // many empty messages, and half of one
		strings.Repeat("\xff", 100): 2,
		string(unknown()):           2,
		string(talk(say(msgTask, 0, nil), say(msgArgument, 0, nil))): 2,
		string(talk(say(msgOrders, 0, "not orders"))):                2,
		string(talk(say(msgArgument, 0, orders{Func: "square"}))):    2,
	} {
		down, up := through(t, []byte(said)), through(t, nil)
		with := new(exec.Cmd)
		checkStray(t, mark(pass(with, []*os.File{down, up, up})), with, code)
	}
}

// checkStray starts a program with this marker, and with these files.
func checkStray(t *testing.T, marker string, with *exec.Cmd, code int) {
	t.Helper()
	cmd, stdout := program(t, "error")
	cmd.Env = append(cmd.Env, childVar+"="+marker)
	cmd.ExtraFiles, cmd.SysProcAttr = with.ExtraFiles, with.SysProcAttr
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.Start()
	ended(t, stdout)
	cmd.Wait()
	text := stderr.String()
	told := strings.Contains(text, "unset "+childVar) && strings.Count(text, "\n") == 1
	if got := cmd.ProcessState.ExitCode(); got != code || told != (code == 2) || !told && text != "" {
		t.Errorf("marker %q: exit code %d, want %d; stderr %q", marker, got, code, text)
	}
}

func TestFuncRefusesWhatCannotWork(t *testing.T) {
	for name, f := range map[string]func(){
		"too late": func() { Func("late", func(int) (int, error) { return 0, nil }) },
		"nil":      func() { Func[int, int]("none", nil) },
		"twice": func() {
			mainCalled.Store(false)
			defer mainCalled.Store(true)
			Func("square", func(int) (int, error) { return 0, nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if s, _ := recover().(string); !strings.HasPrefix(s, "mp: Func(") {
					t.Errorf("panic %q", s)
				}
			}()
			f()
			t.Error("no panic")
		})
	}
}

func TestStartAndJoinRefuse(t *testing.T) {
	ctx := context.Background()
	p := NewProcess(exitWith, 0)
	for _, err := range []error{p.Join(ctx), p.Terminate(), p.Kill()} {
		if !errors.Is(err, ErrNotStarted) || !strings.HasPrefix(err.Error(), p.Name) {
			t.Error(err)
		}
	}
	if p.PID() != 0 || p.Alive() {
		t.Error(p.PID(), p.Alive())
	}
	start(t, p)
	if err := p.Start(ctx); !errors.Is(err, ErrStarted) {
		t.Error(err)
	}
	p.Join(soon(t))
	if err := p.Start(ctx); !errors.Is(err, ErrStarted) {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := p.Join(ended); err != nil {
		t.Error("Join of a process that has ended:", err)
	}
	if err := NewProcess(exitWith, 0).Start(ended); err == nil {
		t.Error("Start with a context that has ended")
	}
}
