package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"processbook/lessons"
	"processbook/mp"
)

var perCPU = lesson.Int("crowd", 4, 1, 8, "start `N` processes for each CPU")

var cpus = runtime.NumCPU() // of this machine; the tests have a machine of their own

// busy says that it has begun, and then computes without a pause until main
// closes the line: it never gives its CPU away.
var busy = mp.Proc("busy", func(line *mp.Conn[mp.None, mp.None]) error {
	err := line.Send(mp.None{})
	var enough atomic.Bool
	go func() { // ends with the line
		line.Recv()
		enough.Store(true)
	}()
	for !enough.Load() {
	}
	return err
})

// begin starts so many busy processes and reports how many of them begin while
// those that have begun go on.
func begin(ctx context.Context, processes int) (begun int, err error) {
	ctx, cancel := context.WithTimeout(ctx, lessons.Limit)
	defer cancel()
	var crowd []*mp.Process
	var lines []*mp.Conn[mp.None, mp.None]
	for i := range processes {
		ours, theirs := mp.Pipe[mp.None, mp.None]()
		defer ours.Close()
		p := mp.NewProcess(busy, theirs)
		if err := p.Start(ctx); err != nil {
			return 0, fmt.Errorf("after %d of %d processes: %w", i, processes, err)
		}
		crowd, lines = append(crowd, p), append(lines, ours)
	}
	// Nobody has stopped so far: they do when their lines are closed.
	for _, line := range lines {
		if _, err := lessons.Recv(line); err == nil {
			begun++
		}
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return begun, ctx.Err() // Ctrl-C: they have ended, and it says nothing of CPUs
	}
	if begun < processes {
		return begun, nil // that is the answer; ctx ends those who have begun
	}
	for _, line := range lines {
		line.Close()
	}
	for _, p := range crowd {
		err = errors.Join(err, lessons.Join(ctx, p))
	}
	return begun, err
}
