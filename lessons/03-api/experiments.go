package main

// The experiments of the quiz. You need not read this file to understand main.go.
// There work is a sleep; here it waits for a message.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"processbook/lessons"
	"processbook/mp"
)

var experiments = lessons.Facts{
	"3a": tasksAtOnce,
	"3b": orderOfCalls,
	"3c": codeOrValue,
	"3d": secondStart,
	"3e": workersAlive,
	"3f": largeCodes,
}

// A Task is the argument of timed. It cannot contain a pipe, because its worker has
// already started.
type Task struct {
	Tickets lessons.Tickets
	Last    int // the task ends only after this ticket is taken
}

// timed takes a ticket when it begins and another when it ends, and returns both.
var timed = mp.Func("timed", func(t Task) (tickets [2]int, err error) {
	begin, err := t.Tickets.Take()
	if err == nil {
		err = t.Tickets.Wait(t.Last)
	}
	end, failed := t.Tickets.Take()
	return [2]int{begin, end}, errors.Join(err, failed)
})

// pooled gives as many tasks to a pool as it has workers, one after another with
// Apply, and again with Map, where they meet. It returns how many were under way at
// the same time, and how many workers were alive after Map and after Close.
func pooled(ctx context.Context) (apply, byMap, afterMap, afterClose int, err error) {
	tickets, err := lessons.NewTickets()
	if err != nil {
		return 0, 0, 0, 0, err
	}
	defer tickets.Remove()
	n := lessons.Form(3, 5)
	pool := mp.NewPool(timed, n)
	var single [][2]int
	for range n {
		one, failed := pool.Apply(ctx, Task{tickets, 0})
		single, err = append(single, one), errors.Join(err, failed)
	}
	all, failed := pool.Map(ctx, slices.Repeat([]Task{{tickets, 2*n + n}}, n))
	afterMap = len(mp.Children())
	err = errors.Join(err, failed, pool.Close())
	return atOnce(single), atOnce(all), afterMap, len(mp.Children()), err
}

// atOnce returns how many tasks were under way at the same time, at most.
func atOnce(tasks [][2]int) (most int) {
	for _, t := range tasks {
		n := 0
		for _, other := range tasks {
			if other[0] <= t[0] && t[0] < other[1] {
				n++ // it was under way when t began
			}
		}
		most = max(most, n)
	}
	return most
}

// 3a measures how many of a pool's workers work at the same time, with Apply and
// with Map. Many expect that Apply returns before its task is done.
func tasksAtOnce(ctx context.Context) (string, error) {
	apply, byMap, _, _, err := pooled(ctx)
	return fmt.Sprint(apply, byMap), err
}

// 3e counts a pool's processes when Map has returned and when Close has. Many
// expect that workers end with their work.
func workersAlive(ctx context.Context) (string, error) {
	_, _, afterMap, afterClose, err := pooled(ctx)
	return fmt.Sprint(afterMap, afterClose), err
}

// A Signer is the argument of signer.
type Signer struct {
	Line   *mp.Conn[mp.None, mp.None]
	Signed *mp.Queue[string]
}

// signer works until main sends a message, and signs at its last line.
var signer = mp.Proc("signer", func(s Signer) error {
	if _, err := lessons.Recv(s.Line); err != nil {
		return fmt.Errorf("main's message did not come: %w", err)
	}
	return s.Signed.Put(context.Background(), "A")
})

// 3b lets main and the child sign a queue when they get to A, B and C. Many
// expect A first: that Start calls the function, as f() would, and returns when
// it has returned.
func orderOfCalls(ctx context.Context) (string, error) {
	signed := mp.NewQueue[string](0)
	ours, theirs := mp.Pipe[mp.None, mp.None]()
	p := mp.NewProcess(signer, Signer{theirs, signed})
	for _, step := range []func() error{
		func() error { return p.Start(ctx) },
		func() error { return signed.Put(ctx, "B") },
		func() error { return ours.Send(mp.None{}) },
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

var exits = mp.Proc("exits", func(code int) error {
	os.Exit(code)
	return nil
})

var returns = mp.Func("returns", func(value int) (int, error) { return value, nil })

// codeOf starts and joins p. If p fails, that is not an error here.
func codeOf(ctx context.Context, p *mp.Process) (int, error) {
	err := p.Start(ctx)
	if err == nil {
		err = lessons.Join(ctx, p)
	}
	if errors.As(err, new(*mp.ExitError)) {
		err = nil
	}
	code, _ := p.ExitCode()
	return code, err
}

// 3c measures what main learns from the end of a process that calls os.Exit(7),
// and of one whose function returns 7. Many expect the same.
func codeOrValue(ctx context.Context) (string, error) {
	exit, err := codeOf(ctx, mp.NewProcess(exits, lessons.Form(7, 9)))
	value, failed := codeOf(ctx, mp.NewProcess(returns, lessons.Form(7, 9)))
	return fmt.Sprint(exit, value), errors.Join(err, failed)
}

// 3f measures what main learns of codes above 255. Unix keeps eight bits of them,
// so that a failure may look like success. Windows keeps all.
func largeCodes(ctx context.Context) (string, error) {
	one, err := codeOf(ctx, mp.NewProcess(exits, lessons.Form(256, 258)))
	two, failed := codeOf(ctx, mp.NewProcess(exits, lessons.Form(263, 300)))
	return fmt.Sprint(one, two), errors.Join(err, failed)
}

// runner leaves a trace of every run.
var runner = mp.Proc("runner", func(runs *mp.Queue[string]) error {
	return runs.Put(context.Background(), "ran")
})

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
