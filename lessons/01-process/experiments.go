package main

// What the quiz asks, and the lesson's last table. Nobody has to read this file
// to understand main.go. Here every step waits for a message, so that all
// processes run at the same time.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"processbook/lessons"
	"processbook/mp"
)

var experiments = lessons.Facts{
	"1a": filesAndProcesses,
	"1b": counterInChild,
	"1c": counterInMain,
	"1d": tracesOfProcess,
	"1e": tracesOfGoroutine,
	"1f": threadsOfProcess,
}

// A Look is what a child, a goroutine or main sees of its own process. It asks
// the system, and not mp.
type Look struct {
	PID           int
	Program       string // the file that the process runs
	Threads       int    // that the system has given to the process
	Before, After int    // counter, before and after 10 is added
}

func look() Look {
	program, _ := os.Executable()
	threads, _ := runtime.ThreadCreateProfile(nil)
	return Look{os.Getpid(), program, threads, counter, counter}
}

// witness sends what it sees, and ends when main closes the pipe.
func witness(line *mp.Conn[Look, mp.None]) error {
	l := look()
	counter += 10
	l.After = counter
	err := line.Send(l)
	line.Recv()
	return err
}

var child = mp.Proc("child", witness)

// ask lets main set its counter, and then one goroutine and some children add
// to theirs. It returns what they see: main at the end, then the goroutine, and
// then the children. All of them are there until it returns.
func ask(ctx context.Context, set, children int) ([]Look, error) {
	defer func(source int) { counter = source }(counter)
	counter = set
	all := make([]Look, children+2)
	for n := range children + 1 {
		ours, theirs := mp.Pipe[mp.None, Look]()
		defer ours.Close()
		var err error
		if n == 0 {
			go witness(theirs) // ends when ours is closed
		} else {
			err = mp.NewProcess(child, theirs).Start(ctx)
		}
		if err == nil {
			all[n+1], err = lessons.Recv(ours)
		}
		if err != nil {
			return all, fmt.Errorf("nothing comes from number %d: %w", n, err)
		}
	}
	all[0] = look()
	return all, nil
}

func distinct[T comparable](all []Look, of func(Look) T) int {
	found := make(map[T]bool)
	for _, l := range all {
		found[of(l)] = true
	}
	return len(found)
}

func processes(all []Look) int { return distinct(all, func(l Look) int { return l.PID }) }
func programs(all []Look) int  { return distinct(all, func(l Look) string { return l.Program }) }

// 1a measures how many files are being run by main and two children, and how
// many processes the children are. A process is easily taken for its program.
func filesAndProcesses(ctx context.Context) (string, error) {
	all, err := ask(ctx, 5, 2)
	return fmt.Sprint(programs(all), processes(all)-1), err
}

// 1b measures with which counter a child begins when main has set its own to 5
// before. Many expect that a child gets a copy of what main has by then, as it
// does where Python forks; a new program gets what its source says.
func counterInChild(ctx context.Context) (string, error) {
	all, err := ask(ctx, 5, 1)
	return fmt.Sprint(all[2].Before), err
}

// 1c measures main's counter after a goroutine and a child have added 10 to
// what was 5. It would be 25 if the child shared main's memory, and 5 if the
// goroutine did not.
func counterInMain(ctx context.Context) (string, error) {
	all, err := ask(ctx, 5, 1)
	return fmt.Sprint(all[0].After), err
}

// 1d measures what has changed for main when a process has left five traces.
// Some expect nothing, for processes share no memory; but there is more than memory.
func tracesOfProcess(ctx context.Context) (string, error) {
	process, err := seen(ctx, byProcess)
	return lessons.Letters(process...), err
}

// 1e measures the same for a goroutine. Many expect a directory and an
// environment of its own; but it is the process that has them.
func tracesOfGoroutine(ctx context.Context) (string, error) {
	routine, err := seen(ctx, byGoroutine)
	return lessons.Letters(routine...), err
}

var variable string // somewhere to leave a trace

// Traces is what a process or a goroutine must know to leave some.
type Traces struct {
	Sign string // what to leave
	Dir  string // the directory to go to
	Line *mp.Conn[string, mp.None]
}

// leave leaves five traces: three in its process, and two outside.
func leave(t Traces) error {
	variable = t.Sign
	os.Chdir(t.Dir)
	os.Setenv("SIGN", t.Sign)
	os.WriteFile(filepath.Join(t.Dir, "sign"), []byte(t.Sign), 0o600)
	return t.Line.Send(t.Sign) // the last, so when it is there all are
}

var leaver = mp.Proc("leaver", leave)

func byProcess(ctx context.Context, t Traces) error {
	p := mp.NewProcess(leaver, t)
	return errors.Join(p.Start(ctx), lessons.Join(ctx, p))
}

func byGoroutine(_ context.Context, t Traces) error {
	go leave(t) // sends when it is done
	return nil
}

// seen has traces left in one of the two ways, and reports which of them main
// finds in its own variable, directory and environment, in the file and in the
// pipe. The sign is new each time, so nobody else can have left it.
func seen(ctx context.Context, have func(context.Context, Traces) error) ([]bool, error) {
	dir, err := lessons.TempDir("traces")
	if err != nil {
		return nil, err
	}
	defer lessons.RemoveTemp(dir)
	if home, err := os.Getwd(); err == nil {
		defer os.Chdir(home) // a goroutine takes main along
	}
	defer os.Unsetenv("SIGN")
	ours, theirs := mp.Pipe[mp.None, string]()
	t := Traces{Sign: filepath.Base(dir), Dir: dir, Line: theirs}
	if err := have(ctx, t); err != nil {
		return nil, err
	}
	received, err := lessons.Recv(ours)
	if err != nil {
		return nil, fmt.Errorf("the traces are not there: %w", err)
	}
	here, errHere := os.Stat(".") // a directory may have several names
	there, errThere := os.Stat(dir)
	inFile, _ := os.ReadFile(filepath.Join(dir, "sign")) // no file, no sign
	return []bool{
		variable == t.Sign,
		errHere == nil && errThere == nil && os.SameFile(here, there),
		os.Getenv("SIGN") == t.Sign,
		string(inFile) == t.Sign,
		received == t.Sign,
	}, nil
}

// 1f measures how many threads the system has given to a process in which 1000
// goroutines are alive. Some expect one, since it is one process; some 1000,
// taking a goroutine for a thread.
func threadsOfProcess(ctx context.Context) (string, error) {
	ours, theirs := mp.Pipe[mp.None, []int]()
	if err := mp.NewProcess(crowd, theirs).Start(ctx); err != nil {
		return "", err
	}
	counted, err := lessons.Recv(ours)
	if err != nil || counted[0] < 1000 {
		return "", fmt.Errorf("1000 goroutines are not there: %v, %w", counted, err)
	}
	switch threads := counted[1]; {
	case threads == 1:
		return "one", nil
	case threads < 1000:
		return "some", nil
	}
	return "1000", nil
}

// crowd starts 1000 goroutines that all live until it has counted, and sends how
// many goroutines and threads there are.
var crowd = mp.Proc("crowd", func(line *mp.Conn[[]int, mp.None]) error {
	var running sync.WaitGroup
	counted := make(chan struct{})
	defer close(counted)
	running.Add(1000)
	for range 1000 {
		go func() { // ends with counted
			running.Done()
			<-counted
		}()
	}
	running.Wait()
	threads, _ := runtime.ThreadCreateProfile(nil)
	return line.Send([]int{runtime.NumGoroutine(), threads})
})
