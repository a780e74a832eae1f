package mp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Children that end, or wait, before they call Main or Init: in package-level
// variables, in init functions, or at the beginning of main.

// birth tells a child what to do in its init function. fuseVar counts
// generations, so that a chain of children ends if a test fails.
const (
	birth   = "MP_TEST_BIRTH"
	fuseVar = "MP_TEST_FUSE"
)

// What Current and Parent say in an init function.
var (
	nameAtBirth   string
	parentAtBirth *Process
)

func init() {
	nameAtBirth, parentAtBirth = Current().Name, Parent()
	if what := os.Getenv(birth); what != "" && asChild != nil {
		beBorn(strings.Fields(what))
	}
}

func beBorn(what []string) {
	generation, _ := strconv.Atoi(os.Getenv(fuseVar))
	if generation > 5 {
		os.Exit(99)
	}
	os.Setenv(fuseVar, strconv.Itoa(generation+1))
	switch what[0] {
	case "exit":
		code, _ := strconv.Atoi(what[1])
		os.Exit(code)
	case "suspend":
		suspendSelf()
	case "block":
		fmt.Println("blocked")
		time.Sleep(time.Hour)
	case "kill":
		if len(what) > 1 { // each after another time, so that they do not end together
			time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
		}
		self, _ := os.FindProcess(os.Getpid())
		self.Kill()
		select {}
	case "exec":
		execute(what[1:])
	case "again", "turn": // as a program does that restarts itself after a crash; or another program, which starts this one
		cmd := exec.Command(os.Args[0])
		if what[0] == "turn" {
			cmd.Path = strings.Join(what[1:], " ") // a path may have blanks
			os.Setenv(birth, "turn "+programFile)
		}
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		cmd.Run()
		os.Exit(cmd.ProcessState.ExitCode())
	}
}

var (
	sayBirth = Proc("sayBirth", func(c *Conn[string, None]) error {
		return c.Send(fmt.Sprint(nameAtBirth, " ", parentAtBirth.Name, " ", parentAtBirth.PID()))
	})
	decodesAndExits = Proc("decodesAndExits", func(exitsWhenDecoded) error { return errors.New("it has begun") })
)

// exitsWhenDecoded ends its process.
type exitsWhenDecoded struct{}

func (exitsWhenDecoded) GobEncode() ([]byte, error) { return []byte{1}, nil }
func (*exitsWhenDecoded) GobDecode([]byte) error    { os.Exit(0); return nil }

// A child knows its own name and its parent already in its init functions.
func TestKnowsItsParentFromTheStart(t *testing.T) {
	if nameAtBirth != "MainProcess" || parentAtBirth != nil {
		t.Errorf("main's name is %q, its parent %v", nameAtBirth, parentAtBirth)
	}
	ours, theirs := Pipe[None, string]()
	p := NewProcess(sayBirth, theirs)
	p.Name = "Kind"
	start(t, p)
	if s, err := ours.Recv(); s != fmt.Sprint("Kind MainProcess ", os.Getpid()) || err != nil {
		t.Errorf("the child says %q, %v", s, err)
	}
}

// A child that ends before its function is called has failed, even if its exit
// code is 0.
func TestEndBeforeTheFunction(t *testing.T) {
	for _, code := range []int{0, 5} {
		t.Setenv(birth, fmt.Sprint("exit ", code))
		p := start(t, NewProcess(idle, None{}))
		err := p.Join(soon(t))
		var exit *ExitError
		if !errors.As(err, &exit) || exit.Code != code || !strings.Contains(err.Error(), "before it called mp.Main") {
			t.Errorf("exit code %d: Join() = %v", code, err)
		}
		os.Unsetenv(birth)
	}
	p := start(t, NewProcess(decodesAndExits, exitsWhenDecoded{}))
	if err := p.Join(soon(t)); err == nil || !strings.Contains(err.Error(), "before its function was called") {
		t.Errorf("a decoder that exits: Join() = %v", err)
	}
}

func init() {
	programs["starts a child"] = func(ctx context.Context) error {
		p := NewProcess(idle, None{})
		if err := p.Start(ctx); err != nil {
			return err
		}
		return p.Join(ctx)
	}
}

// G1: when a parent ends, a child ends that has not called Main.
func TestParentKilledBeforeItsChildCameToMain(t *testing.T) {
	t.Parallel()
	cmd, stdout := program(t, "starts a child")
	cmd.Env = append(cmd.Env, birth+"=block")
	cmd.Start()
	read(t, stdout, 1)
	cmd.Process.Kill()
	ended(t, stdout)
}

// A child starts the program again, with exec or as a new process. This does not
// become a chain of processes, and the parent says what happened.
func TestChildThatStartsTheProgramAgain(t *testing.T) {
	for what, want := range map[string]string{"exec": "execute a program before that?", "again": "started this program again before mp.Main"} {
		if what == "exec" && !canExecute {
			continue
		}
		t.Run(what, func(t *testing.T) {
			if said, state := startsAChild(t, what); !strings.Contains(said, want) || state.ExitCode() != 1 {
				t.Errorf("it says %q and ends with %v", said, state)
			}
		})
	}
}

// startsAChild runs a program whose child is born in this way, and returns what
// the two have said, and how the program has ended.
func startsAChild(t *testing.T, born string) (said string, state *os.ProcessState) {
	t.Helper()
	cmd, stdout := program(t, "starts a child")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.Env = append(cmd.Env, birth+"="+born)
	cmd.Start()
	ended(t, stdout)
	cmd.Wait()
	return stderr.String(), cmd.ProcessState
}

// A child executes a program that would run for an hour. Join does not wait for it.
func TestChildThatBecomesAnotherProgram(t *testing.T) {
	if !canExecute {
		t.Skip("Windows has no such call")
	}
	t.Setenv(birth, "exec sleep 3600")
	p := start(t, NewProcess(idle, None{}))
	if err := p.Join(soon(t)); err == nil || !strings.Contains(err.Error(), "execute a program before that?") {
		t.Errorf("Join() = %v", err)
	}
}

// becomeAnother executes another program in the place of a worker.
var becomeAnother = Func("becomeAnother", func(args []string) (int, error) { execute(args); return 0, nil })

// A worker that executes a program, which would run for a minute, cannot return a
// result. Apply does not wait for it.
func TestWorkerThatBecomesAnotherProgram(t *testing.T) {
	if !canExecute {
		t.Skip("Windows has no such call")
	}
	pool := NewPool(becomeAnother, 1)
	defer pool.Close()
	_, err := pool.Apply(soon(t), []string{"sleep", "60"})
	var exit *ExitError
	if !errors.As(err, &exit) || exit.Code != -9 {
		t.Errorf("Apply() = %v", err)
	}
}

// Two programs have children that start the other program. That is also a chain.
func TestTwoProgramsThatStartEachOther(t *testing.T) {
	other := filepath.Join(t.TempDir(), "other.exe")
	b, err := os.ReadFile(programFile)
	if err == nil {
		err = os.WriteFile(other, b, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	if said, state := startsAChild(t, "turn "+other); !strings.Contains(said, "started this program again before mp.Main") {
		t.Errorf("it says %q and ends with %v", said, state)
	}
}

// Where a process cannot start the file that it runs, it compares the file with
// what it was.
func TestChangedFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "program")
	write := func(name, text string, at time.Time) {
		t.Helper()
		if err := errors.Join(os.WriteFile(name, []byte(text), 0o700), os.Chtimes(name, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Unix(1e9, 0)
	write(file, "old", old)
	was := statNow(file)
	if err := unchanged(file, was); err != nil {
		t.Error(err)
	}
	for what, change := range map[string]func(){
		"longer":   func() { write(file, "longer", old) },
		"younger":  func() { write(file, "new", old.Add(time.Second)) },
		"replaced": func() { write(file+"2", "new", old); os.Rename(file+"2", file) },
	} {
		write(file, "old", old)
		was := statNow(file)
		change()
		if err := unchanged(file, was); err == nil || !strings.Contains(err.Error(), "was replaced") {
			t.Errorf("%s: %v", what, err)
		}
	}
	os.Remove(file)
	if err := unchanged(file, was); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("removed: %v", err)
	}
}

// The environment has a mark of another copy of mp, or of another program.
func TestMarksOfOthers(t *testing.T) {
	self, _ := os.Executable()
	ours := strconv.Itoa(os.Getppid()) // a process that is alive, and does not start the program
	for _, test := range []struct {
		mark, want string
		code       int
	}{
		{importPath + " - 0 " + self, "again before mp.Main", 2},
		{"other/mp - 0 " + self, "another copy of mp, other/mp", 2},
		{"other/mp 3,4,5 0 " + self, "another copy of mp, other/mp", 2},
		{importPath + " - 0 /another/program", "the program's own error", 1},
		{importPath + " - 3 /another/program", "again before mp.Main", 2}, // the last of a chain of copies
		{"other/mp - 0 /another/program", "the program's own error", 1},
		{importPath + " 999999999:3,4,5 0 " + self, "has no parent", 2},
		{importPath + " " + ours + ":3,4,5 0 " + self, "or with the environment that it had before", 2},
		{importPath + " " + ours + ":3,4,5 0 /another/program", "the program's own error", 1},
	} {
		cmd, stdout := program(t, "error")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		cmd.Env = append(cmd.Env, childVar+"="+test.mark)
		cmd.Start()
		ended(t, stdout)
		cmd.Wait()
		if s := stderr.String(); !strings.Contains(s, test.want) || cmd.ProcessState.ExitCode() != test.code {
			t.Errorf("mark %q: %q, %v; want exit code %d", test.mark, s, cmd.ProcessState, test.code)
		}
	}
}

// G2: if a pool cannot replace a worker, the other workers do the tasks. When
// workers can be started again, the pool starts the missing ones.
func TestWorkerThatCannotBeReplaced(t *testing.T) {
	p := NewPool(lightFuse, 3)
	defer p.Close()
	pids := map[int]bool{}
	for len(pids) < 3 {
		all, err := p.Map(soon(t), slices.Repeat([]string{""}, 30))
		if err != nil {
			t.Fatal(err)
		}
		for _, pid := range all {
			pids[pid] = true
		}
	}
	t.Setenv(birth, "exit 5")
	lost := p.staffed()[0]
	lost.Kill()
	lost.Join(soon(t))
	for range 3 {
		if _, err := p.Map(soon(t), make([]string, 100)); err != nil {
			t.Error("with two workers left:", err)
		}
	}
	for _, w := range p.staffed() {
		if w.isHere() { // the others end with exit code 5
			w.Kill()
			w.Join(soon(t))
		}
	}
	if _, err := p.Apply(soon(t), ""); err == nil || !strings.Contains(err.Error(), "no worker can be started") ||
		!strings.Contains(err.Error(), "exit code 5") {
		t.Errorf("with no worker left: %v", err)
	}
	os.Unsetenv(birth)
	if _, err := p.Map(soon(t), make([]string, 100)); err != nil {
		t.Error("when workers can be started again:", err)
	}
	until(t, "a pool with all its workers", func() bool {
		p.Apply(soon(t), "") // a pool starts workers only if there are tasks
		return len(p.staffed()) == 3
	})
}

// Close of a pool or of a queue does not wait for a child that has not called
// Main.
func TestCloseDoesNotWaitForANewborn(t *testing.T) {
	p := NewPool(square, 2)
	q := NewQueue[int](0)
	p.Apply(soon(t), 1)
	t.Setenv(birth, "block")
	for _, w := range p.staffed() {
		w.Kill()
		w.Join(soon(t))
	}
	ctx, cancel := context.WithCancel(soon(t))
	applied := make(chan error)
	go func() {
		_, err := p.Apply(ctx, 2)
		applied <- err
	}()
	start(t, NewProcess(reapQueue, q))
	q.Put(soon(t), 1)
	q.Close()
	inTime(t, "the end of a queue", func() {
		for range q.All(context.Background()) {
		}
	})
	cancel()
	<-applied
	inTime(t, "Close of the pool", func() { p.Close() })
}

var reapQueue = Proc("reapQueue", func(q *Queue[int]) error {
	for range q.All(context.Background()) {
	}
	return nil
})

// A pool gives up if its workers are killed again and again before they call
// Main.
func TestWorkersKilledAtTheirStart(t *testing.T) {
	for _, way := range []string{"kill", "kill late"} {
		killAtTheirStart(t, way)
	}
}

func killAtTheirStart(t *testing.T, way string) {
	t.Helper()
	t.Setenv(birth, way)
	before := made()
	p := NewPool(square, 3)
	defer p.Close()
	if _, err := p.Apply(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "no worker can be started") { // 30 starts may take minutes
		t.Errorf("Apply() = %v", err)
	}
	if n := made() - before; n > patience+3 {
		t.Errorf("%s: %d workers were started", way, n)
	}
}

// made returns how many processes were made here so far.
func made() int {
	n, _ := strconv.Atoi(strings.TrimPrefix(NewProcess(idle, None{}).Name, "Process-"))
	return n
}
