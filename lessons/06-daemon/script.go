package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"processbook/lessons"
	"processbook/mp"
)

// A Script is a story, and what main must know to play it.
type Script struct {
	Me       lessons.Actor
	One, Two Errand // for Worker 1 and Worker 2
	Daemon   bool   // Worker 1 is one
	Pause    int    // ticks between one start and the next
	Join     int    // main joins Worker 1 for so many ticks; 0: it does not
}

// An Errand is what a worker must know.
type Errand struct {
	Me    lessons.Actor
	Ticks int
	File  string
}

// example4 is the chapter's program, and with a limit for join its example 5.
func example4(daemon bool, limit int) Script {
	return Script{One: Errand{Ticks: 4}, Two: Errand{Ticks: 2}, Pause: 1, Daemon: daemon, Join: limit}
}

// String is the plan.
func (s Script) String() string {
	kind, join := "a daemon", "joins nobody"
	if !s.Daemon {
		kind = "not a daemon"
	}
	if s.Join > 0 {
		join = fmt.Sprintf("joins Worker 1 until tick %d at most", s.Pause+s.Join)
	}
	return fmt.Sprintf("main starts Worker 1 (%s, %d ticks of work), works %d tick, starts Worker 2 (%d ticks),"+
		" %s, and is at its last line. Each worker writes a number a tick.", kind, s.One.Ticks, s.Pause, s.Two.Ticks, join)
}

// play plays a story. It returns what happened, and how many numbers Worker 1
// has written.
func play(ctx context.Context, stage *lessons.Stage, s Script) (lessons.Events, int, error) {
	dir, err := os.MkdirTemp("", "daemon")
	if err != nil {
		return nil, 0, err
	}
	defer os.RemoveAll(dir)
	s.Me, s.One.Me, s.Two.Me = stage.Actor("main"), stage.Actor("Worker 1"), stage.Actor("Worker 2")
	s.One.File, s.Two.File = filepath.Join(dir, "one"), filepath.Join(dir, "two")
	p := mp.NewProcess(program, s)
	p.Name = "main"
	events, err := stage.Play(ctx, p)
	written, _ := os.ReadFile(s.One.File) // no file, no numbers
	return events, bytes.Count(written, []byte("\n")), err
}

// appendTo writes n at the end of the file, where it stays whatever becomes of
// the process.
func appendTo(file string, n int) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	fmt.Fprintln(f, n)
	return f.Close()
}

// saw puts what happened into words.
func (s Script) saw(events lessons.Events, numbers int) string {
	file := fmt.Sprintf("The file of Worker 1 has %d of %d numbers.", numbers, s.One.Ticks)
	switch {
	case events.Said("Worker 1", "exiting"):
		return "Main waited for Worker 1, which printed its last line. " + file
	case events.Said("Worker 2", "exiting"):
		return "Main waited for Worker 2, but nobody waits for a daemon: Worker 1 never printed \"exiting\". " + file
	}
	return "Main waited for nobody: neither worker printed \"exiting\". " + file
}
