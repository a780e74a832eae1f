package main

// What the quiz asks. Nobody has to read this file to understand main.go. There
// work is a sleep; here every step waits for a message, so no slow machine can
// change the order.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"processbook/lessons"
	"processbook/mp"
)

var experiments = lessons.Facts{
	"3a": madeNotStarted,
	"3b": orderOfCalls,
	"3c": codeOrValue,
	"3d": secondStart,
	"3e": processesOfPool,
	"3f": workersAlive,
}

// 3a counts the processes that come of making three and starting none. Each
// would hold the end of a pipe and wait for a message. If main still has that
// end and closes it, nobody else has it, and main gets EOF. Many expect that to
// make a Process is to make a process.
func madeNotStarted(ctx context.Context) (string, error) {
	processes := 0
	for range 3 {
		ours, theirs := mp.Pipe[string, string]()
		p := mp.NewProcess(exits, Exits{theirs, 0})
		theirs.Close() // does nothing if the end has moved
		switch _, err := lessons.Recv(ours); {
		case err == nil || p.Alive():
			processes++
		case err != io.EOF:
			return "", err
		}
		ours.Close()
	}
	return fmt.Sprint(processes), nil
}

// 3b lets main and the child sign a queue when they get to A, B and C. Many
// expect A first: that Start calls the function, as f() would, and returns when
// it has returned.
func orderOfCalls(ctx context.Context) (string, error) {
	signed := mp.NewQueue[string](0)
	ours, theirs := mp.Pipe[string, string]()
	p := mp.NewProcess(signer, Signer{theirs, signed})
	for _, step := range []func() error{
		func() error { return p.Start(ctx) },
		func() error { return signed.Put(ctx, "B") },
		func() error { return ours.Send("go on") },
		func() error { return lessons.Join(ctx, p) },
		func() error { return signed.Put(ctx, "C") },
		signed.Close,
	} {
		if err := step(); err != nil {
			return "", fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	return strings.Join(slices.Collect(signed.All(ctx)), " "), nil
}

// A Signer is what signer must know.
type Signer struct {
	Line   *mp.Conn[string, string]
	Signed *mp.Queue[string]
}

// signer waits for a word and signs at its last line.
var signer = mp.Proc("signer", func(s Signer) error {
	if _, err := lessons.Recv(s.Line); err != nil {
		return fmt.Errorf("main's word did not come: %w", err)
	}
	return s.Signed.Put(context.Background(), "A")
})

// 3c measures what main learns from the end of a process that calls os.Exit(7)
// and of one whose function returns 7. Many expect the same.
func codeOrValue(ctx context.Context) (string, error) {
	ours, theirs := mp.Pipe[string, string]()
	defer ours.Close()
	ours.Send("go on") // the word may be there before the child
	exits, err := codeOf(ctx, mp.NewProcess(exits, Exits{theirs, 7}))
	if err != nil {
		return "", err
	}
	returns, err := codeOf(ctx, mp.NewProcess(seven, mp.None{}))
	return fmt.Sprintf("%d %d", exits, returns), err
}

// Exits is what exits must know. The end of the pipe moves to its process.
type Exits struct {
	Line *mp.Conn[string, string]
	Code int
}

// exits says that it runs, waits for a message, and exits.
var exits = mp.Proc("exits", func(e Exits) error {
	e.Line.Send("I run")
	lessons.Recv(e.Line)
	os.Exit(e.Code)
	return nil
})

var seven = mp.Func("seven", func(mp.None) (int, error) { return 7, nil })

// codeOf starts and joins p. That it has ended badly is no error here.
func codeOf(ctx context.Context, p *mp.Process) (int, error) {
	if err := p.Start(ctx); err != nil {
		return 0, err
	}
	if err := lessons.Join(ctx, p); err != nil && !errors.As(err, new(*mp.ExitError)) {
		return 0, err
	}
	code, _ := p.ExitCode()
	return code, nil
}

// 3d starts a process that has ended, and counts how often its function ran.
// Many expect that a Process can be run again, as a function can be called.
func secondStart(ctx context.Context) (string, error) {
	runs := mp.NewQueue[string](0)
	p := mp.NewProcess(runner, runs)
	if _, err := codeOf(ctx, p); err != nil {
		return "", err
	}
	again := p.Start(ctx)
	if again == nil {
		lessons.Join(ctx, p) // how it ends does not matter
	}
	n, err := runs.Len()
	switch {
	case n > 1:
		return "a second run", err
	case again == nil:
		return "nothing", err
	}
	return "an error", err
}

// runner leaves a trace of every run.
var runner = mp.Proc("runner", func(runs *mp.Queue[string]) error {
	return runs.Put(context.Background(), "ran")
})

// 3e counts the processes that did nine tasks for a pool of three. Many expect
// one for each task, started for it.
func processesOfPool(ctx context.Context) (string, error) {
	used, _, _, err := meeting(ctx, 3)
	return fmt.Sprint(used), err
}

// 3f counts a pool's processes when Map has returned and when Close has. Many
// expect that workers end with their work.
func workersAlive(ctx context.Context) (string, error) {
	_, afterMap, afterClose, err := meeting(ctx, 3)
	return fmt.Sprintf("%d %d", afterMap, afterClose), err
}

const size = 9 // tasks for the pool

// meeting gives a pool its tasks, and counts the workers that did them and those
// that are alive. As many tasks meet as there are workers. Otherwise one quick
// worker might do all tasks before the others have started.
func meeting(ctx context.Context, workers int) (used, afterMap, afterClose int, err error) {
	tickets, err := lessons.NewTickets()
	if err != nil {
		return 0, 0, 0, err
	}
	defer tickets.Remove()
	pool := mp.NewPool(meets, workers)
	pids, err := pool.Map(ctx, slices.Repeat([]Task{{tickets, workers}}, size))
	afterMap = len(mp.Children())
	err = errors.Join(err, pool.Close())
	afterClose = len(mp.Children())
	slices.Sort(pids)
	return len(slices.Compact(pids)), afterMap, afterClose, err
}

// A Task is what meets must know. No pipe can be passed with it: its worker has
// already started.
type Task struct {
	Tickets  lessons.Tickets
	Together int // so many tasks meet
}

// meets waits until as many tasks have begun as can be at work together. None of
// them ends before, so each has a worker of its own. It returns the worker's PID.
var meets = mp.Func("meets", func(t Task) (pid int, err error) {
	mine, err := t.Tickets.Take()
	if err != nil {
		return 0, err
	}
	round := (mine + t.Together - 1) / t.Together
	return os.Getpid(), t.Tickets.Wait(min(round*t.Together, size))
})
