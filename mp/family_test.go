package mp

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// allWays are the ways in which die can end a process.
var allWays = []string{"error", "panic", "exit", "kill", "goroutine", "map", "unlock", "stack"}

// someWays returns those that are quick, or in the long tests all.
func someWays() []string {
	if !longTests {
		return allWays[:5]
	}
	return allWays
}

// die ends a process. Some ways need another goroutine, because mp would recover
// from a panic in this one.
func die(way string) error {
	switch way {
	case "error":
		return errors.New("no more paper")
	case "panic":
		panic("paper jam")
	case "exit":
		os.Exit(3)
	case "kill":
		p, _ := os.FindProcess(os.Getpid())
		p.Kill()
	case "goroutine":
		go panic("paper jam elsewhere")
	case "unlock":
		go new(sync.Mutex).Unlock()
	case "map":
		if runtime.NumCPU() == 1 { // otherwise the writes are never concurrent
			runtime.GOMAXPROCS(2)
		}
		m := map[int]int{}
		for range 4 {
			go func() {
				for i := 0; ; i++ {
					m[i%8] = i
				}
			}()
		}
	case "stack":
		debug.SetMaxStack(1 << 20)
		overflow()
	}
	select {}
}

// deathText has the text that the error must contain.
var deathText = map[string]string{
	"error": "no more paper", "panic": "panic: paper jam", "exit": "exit code 3", "kill": killedText,
	"goroutine": "panic: paper jam elsewhere", "unlock": "fatal error", "map": "concurrent map", "stack": "stack overflow",
}

var (
	// leaf says hello and then never ends by itself.
	leaf = Proc("leaf", func(c *Conn[string, string]) error {
		c.Send(Current().Name)
		select {}
	})
	idle = Proc("idle", func(None) error { select {} })
	// middle starts a leaf, and ends when main sends a message.
	middle = Proc("middle", func(l link3) error {
		p := NewProcess(leaf, l.Leaf)
		p.Daemon = l.Way == "return" || l.Way == "error" // or it would be joined
		if err := p.Start(context.Background()); err != nil {
			return err
		}
		l.C.Recv()
		if l.Way == "return" {
			return nil
		}
		return die(l.Way)
	})
	// tower is a process that has a tower below it.
	tower = Proc("tower", func(height int) error {
		fmt.Println(Current().Name)
		if height > 1 {
			p := NewProcess(functionOf[int]("tower"), height-1)
			if err := p.Start(context.Background()); err != nil {
				return err
			}
		}
		select {}
	})
	tellParent = Proc("tellParent", func(c *Conn[string, None]) error {
		c.Send(fmt.Sprint(Current().Name, " ", Current().PID() == os.Getpid(), " ",
			Parent().Name, " ", Parent().PID() == os.Getppid(), " ", Parent().Alive()))
		p := NewProcess(idle, None{})
		c.Send(p.Name)
		return nil
	})
	lastWord = Proc("lastWord", func(c *Conn[string, None]) error {
		parent := Parent() // from now on, this process may end a moment after its parent
		c.Send("watching")
		<-parent.Done()
		return c.Send(fmt.Sprint("parent alive: ", parent.Alive()))
	})
	between = Proc("between", func(c *Conn[string, None]) error {
		return runProcess(NewProcess(lastWord, c))
	})
	environment = Proc("environment", func(c *Conn[[]string, None]) error {
		return c.Send(os.Environ())
	})
	tryChild = Proc("tryChild", func(c *Conn[bool, None]) error {
		err := NewProcess(idle, None{}).Start(context.Background())
		return c.Send(errors.Is(err, ErrDaemonChild))
	})
	countStdin = Proc("countStdin", func(c *Conn[int, None]) error {
		b, _ := io.ReadAll(os.Stdin)
		return c.Send(len(b))
	})
	readStdin = Proc("readStdin", func(c *Conn[int, string]) error {
		b, _ := io.ReadAll(os.Stdin)
		fmt.Print(strings.Repeat("print \x00\xff ", 1000))
		c.Send(len(b))
		s, err := c.Recv()
		fmt.Fprint(os.Stderr, s)
		return err
	})
)

type link3 struct {
	C    *Conn[None, string]
	Leaf *Conn[string, string]
	Way  string
}

// functionOf finds a function by its name. The variable's own function cannot
// use the variable: Go calls that an initialization cycle.
func functionOf[A any](name string) Function[A, None] { return Function[A, None]{functions[name]} }

func overflow() int { return 1 + overflow() }

// G1: when a process ends in any way, its descendants end.
func TestDescendantsEndWithTheirParent(t *testing.T) {
	for _, way := range append(someWays(), "return", "terminate") {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			ours, theirs := Pipe[string, None]()
			leafOurs, leafTheirs := Pipe[string, string]()
			p := start(t, NewProcess(middle, link3{theirs, leafTheirs, way}))
			if _, err := leafOurs.Recv(); err != nil {
				t.Fatal(err)
			}
			if way == "terminate" {
				p.Terminate()
			} else {
				ours.Send("now")
			}
			inTime(t, "the end of the leaf", func() {
				if _, err := leafOurs.Recv(); err != io.EOF {
					t.Error(err)
				}
			})
			err := p.Join(soon(t))
			if text := deathText[way]; err != nil && !strings.Contains(err.Error(), text) || err == nil && text != "" {
				t.Errorf("Join() = %v, want ... %s", err, text)
			}
		})
	}
}

// startLeaf returns when the leaf runs. From then on, only the end of its parent
// ends the leaf.
func startLeaf(ctx context.Context) error {
	ours, theirs := Pipe[string, string]()
	if err := NewProcess(leaf, theirs).Start(ctx); err != nil {
		return err
	}
	_, err := ours.Recv()
	return err
}

func init() {
	programs["tower"] = func(ctx context.Context) error {
		start := NewProcess(tower, 20)
		if err := start.Start(ctx); err != nil {
			return err
		}
		return start.Join(ctx)
	}
	programs["family"] = func(ctx context.Context) error {
		if err := startLeaf(ctx); err != nil {
			return err
		}
		for i := range 3 { // these may still be starting
			p := NewProcess(idle, None{})
			p.Daemon = i > 0
			if err := p.Start(ctx); err != nil {
				return err
			}
		}
		pool := NewPool(forever, 2)
		pool.Apply(ctx, 0)
		go pool.Map(context.Background(), []int{0, 1, 0, 1}) // Map never returns, and the pool is never closed
		fmt.Println("ready")
		<-ctx.Done()
		return ctx.Err()
	}
	programs["stubborn"] = func(ctx context.Context) error {
		if err := startLeaf(context.Background()); err != nil {
			return err
		}
		fmt.Println("ready")
		<-ctx.Done()
		signal.Reset(os.Interrupt) // Main also does that, but perhaps a moment later
		fmt.Println("interrupted")
		select {}
	}
	programs["unclosed"] = func(ctx context.Context) error {
		pool := NewPool(square, 3)
		_, err := pool.Map(ctx, numbers(10))
		go NewPool(forever, 2).Map(context.Background(), []int{1, 1})
		return err
	}
	programs["reader"] = func(ctx context.Context) error {
		ours, theirs := Pipe[None, int]()
		if err := NewProcess(countStdin, theirs).Start(ctx); err != nil {
			return err
		}
		n, err := ours.Recv()
		text, _ := io.ReadAll(os.Stdin)
		fmt.Print(n, " ", string(text))
		return err
	}
	programs["encoder"] = func(ctx context.Context) error {
		_, err := NewPool(endless, 1).Apply(ctx, None{})
		return err
	}
	programs["error"] = func(context.Context) error { return errors.New("the program's own error") }
	programs["panic"] = func(ctx context.Context) error {
		if err := startLeaf(context.Background()); err != nil { // not run's ctx, which would end the leaf
			return err
		}
		panic("in run")
	}
}

// read reads n lines from a program.
func read(t *testing.T, from *bufio.Reader, n int) (lines []string) {
	t.Helper()
	for range n {
		line := make(chan string, 1)
		go func() {
			s, _ := from.ReadString('\n')
			line <- strings.TrimSpace(s)
		}()
		select {
		case s := <-line:
			if s == "" {
				t.Fatalf("the program has ended after %q", lines)
			}
			lines = append(lines, s)
		case <-soon(t).Done():
			t.Fatalf("nothing came for half a minute after %q", lines)
		}
	}
	return lines
}

// ended waits until all processes that have a program's standard output have
// ended.
func ended(t *testing.T, stdout io.Reader) string {
	t.Helper()
	all := make(chan string, 1)
	go func() {
		b, _ := io.ReadAll(stdout)
		all <- string(b)
	}()
	select {
	case s := <-all:
		return s
	case <-soon(t).Done():
		t.Fatal("a process is still alive")
		return ""
	}
}

// G1: twenty processes, each the child of the one before, end when the first one
// is killed.
func TestTowerFalls(t *testing.T) {
	t.Parallel()
	cmd, stdout := program(t, "tower")
	cmd.Start()
	names := read(t, stdout, 20)
	if want := "Process-1" + strings.Repeat(":1", 19); names[19] != want {
		t.Errorf("the last is %s, want %s", names[19], want)
	}
	cmd.Process.Kill()
	ended(t, stdout)
}

func TestKilledMainLeavesNobody(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"family", "encoder"} {
		t.Run(name, func(t *testing.T) {
			cmd, stdout := program(t, name)
			cmd.Start()
			read(t, stdout, 1)
			cmd.Process.Kill()
			ended(t, stdout)
		})
	}
}

// To encode an endlessValue takes a worker an hour.
type endlessValue struct{}

func (endlessValue) GobEncode() ([]byte, error) {
	fmt.Println("encoding")
	time.Sleep(time.Hour)
	return nil, nil
}

func (*endlessValue) GobDecode([]byte) error { return nil }

var endless = Func("endless", func(None) (endlessValue, error) { return endlessValue{}, nil })

func TestPanicInRunLeavesNobody(t *testing.T) {
	t.Parallel()
	runsTo(t, "panic", 2, "in run")
}

// runsTo runs one of the programs, until it and its descendants have ended. It wants
// this exit code, and this text on standard error.
func runsTo(t *testing.T, name string, code int, text string) {
	t.Helper()
	cmd, stdout := program(t, name)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.Start()
	ended(t, stdout)
	cmd.Wait()
	if got := cmd.ProcessState.ExitCode(); got != code || !strings.Contains(stderr.String(), text) {
		t.Errorf("exit code %d, want %d; %s", got, code, &stderr)
	}
}

// Main does not wait for a pool that is never closed, and its workers end.
func TestUnclosedPoolEndsWithMain(t *testing.T) {
	runsTo(t, "unclosed", 0, "")
}

func TestErrorOfRunIsPrinted(t *testing.T) {
	cmd, stdout := program(t, "error")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.Start()
	ended(t, stdout)
	cmd.Wait()
	if got := stderr.String(); cmd.ProcessState.ExitCode() != 1 || !strings.HasSuffix(got, ": the program's own error\n") {
		t.Errorf("exit code %d, %q", cmd.ProcessState.ExitCode(), got)
	}
}

func TestNamesOfRelatives(t *testing.T) {
	if Current().Name != "MainProcess" || Parent() != nil || Current().PID() != os.Getpid() {
		t.Error(Current().Name, Parent())
	}
	ours, theirs := Pipe[None, string]()
	p := start(t, NewProcess(tellParent, theirs))
	got, _ := ours.Recv()
	if want := p.Name + " true MainProcess true true"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, _ := ours.Recv(); got != p.Name+":1" {
		t.Errorf("got %q", got)
	}
	for _, err := range []error{Current().Join(soon(t)), Current().Start(soon(t)), Current().Terminate(), Current().Kill()} {
		if err == nil {
			t.Error("a call on the current process must be an error")
		}
	}
	p.Join(soon(t))
}

func TestChildrenAreThoseAlive(t *testing.T) {
	ours, theirs := Pipe[string, string]()
	defer ours.Close() // until then the process waits
	p := NewProcess(echo, theirs)
	if slices.Contains(Children(), p) {
		t.Error("listed before Start")
	}
	start(t, p)
	if !slices.Contains(Children(), p) {
		t.Error("not listed")
	}
	p.Kill()
	p.Join(soon(t))
	if slices.Contains(Children(), p) {
		t.Error("listed after its end")
	}
}

func TestParentsEndIsSeen(t *testing.T) {
	for range 10 { // a child has only half a second for its last word: if it gets no CPU, it ends without
		ours, theirs := Pipe[None, string]()
		p := start(t, NewProcess(between, theirs))
		ours.Recv()
		p.Kill()
		got, err := ours.Recv()
		if err == io.EOF {
			continue
		}
		if got != "parent alive: false" || err != nil {
			t.Error(got, err)
		}
		return
	}
	t.Error("ten children have ended without a word")
}

func TestNothingOfOursInTheEnvironment(t *testing.T) {
	ours, theirs := Pipe[None, []string]()
	start(t, NewProcess(environment, theirs))
	got, err := ours.Recv()
	want := os.Environ()
	slices.Sort(got)
	slices.Sort(want)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v\ngot  %q\nwant %q", err, got, want)
	}
}

func TestDaemonMayNotHaveChildren(t *testing.T) {
	ours, theirs := Pipe[None, bool]()
	p := NewProcess(tryChild, theirs)
	p.Daemon = true
	start(t, p)
	if refused, err := ours.Recv(); !refused || err != nil {
		t.Error(refused, err)
	}
}

// G10: a child does not read its parent's standard input.
func TestChildReadsNothing(t *testing.T) {
	cmd, stdout := program(t, "reader")
	cmd.Stdin = strings.NewReader("for the main process")
	cmd.Start()
	if got, want := ended(t, stdout), "0 for the main process"; got != want {
		t.Errorf("the program printed %q, want %q", got, want)
	}
}

// G10: a child that prints, and reads its standard input, does not disturb its
// pipes.
func TestPrintingDisturbsNothing(t *testing.T) {
	ours, theirs := Pipe[string, int]()
	p := start(t, NewProcess(readStdin, theirs))
	if n, err := ours.Recv(); n != 0 || err != nil {
		t.Error(n, err)
	}
	ours.Send("")
	if err := p.Join(soon(t)); err != nil {
		t.Error(err)
	}
}

// watchOne calls Watch in a child, so that it does not watch other tests.
var watchOne = Proc("watchOne", func(c *Conn[string, None]) error {
	ctx := context.Background()
	Watch(func(p *Process) { c.Send("started " + p.Name) },
		func(p *Process) { c.Send("asked " + p.Name) },
		func(p *Process, code int) { c.Send(fmt.Sprint("ended ", code)) })
	p := NewProcess(exitWith, 3)
	p.Name = "Kim"
	p.Start(ctx)
	c.Send("Start has returned")
	p.Join(ctx)
	c.Send("Join has returned")
	p.Terminate() // p has ended, so asked is not called
	q := NewProcess(idle, None{})
	q.Name = "Pat"
	q.Start(ctx)
	q.Terminate()
	q.Join(ctx)
	return nil
})

// watchAndExit ends its goroutine in each function that it gives to Watch, as
// t.FailNow does.
var watchAndExit = Proc("watchAndExit", func(None) error {
	Watch(func(*Process) { runtime.Goexit() }, func(*Process) { runtime.Goexit() }, func(*Process, int) { runtime.Goexit() })
	p := NewProcess(idle, None{})
	if err := errors.Join(p.Start(context.Background()), p.Terminate()); err != nil {
		return err
	}
	var exit *ExitError
	if err := p.Join(context.Background()); !errors.As(err, &exit) || exit.Code != -15 {
		return fmt.Errorf("Join() = %v", err)
	}
	return nil
})

func TestWatcherThatExits(t *testing.T) {
	p := start(t, NewProcess(watchAndExit, None{}))
	if err := p.Join(soon(t)); err != nil {
		t.Error(err)
	}
}

func TestWatch(t *testing.T) {
	ours, theirs := Pipe[None, string]()
	start(t, NewProcess(watchOne, theirs))
	place := make(map[string]int)
	for i, want := range []string{"started Kim", "Start has returned", "ended 3", "Join has returned"} {
		got, err := ours.Recv()
		if place[got] = i; err != nil || i%3 == 0 && got != want { // Kim may have ended before Start returns
			t.Errorf("%d: got %q, %v, want %q", i, got, err, want)
		}
	}
	if place["ended 3"] == 0 {
		t.Error("ended was not called for Kim")
	}
	for _, want := range []string{"started Pat", "asked Pat", "ended -15"} {
		if got, err := ours.Recv(); got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
}
