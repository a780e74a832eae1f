package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"processbook/lessons"
	"processbook/mp"
)

// A Script is a story, and what main must know to play it.
type Script struct {
	Me       lessons.Actor
	One, Two Errand // for Worker 1 and Worker 2
	Pause    int    // ticks between one start and the next
	Join     int    // main joins Worker 1 for so many ticks; 0: it does not
}

// An Errand is what a worker must know.
type Errand struct {
	Me     lessons.Actor
	Daemon bool // the worker is one
	Ticks  int
	File   string
}

// example4 is the chapter's program, and with a limit for join its example 5.
func example4(daemon bool, limit int) Script {
	return Script{One: Errand{Ticks: 4, Daemon: daemon}, Two: Errand{Ticks: 2}, Pause: 1, Join: limit}
}

// String is the plan.
func (s Script) String() string {
	kind, second, join := "a daemon", "", "joins nobody"
	if !s.One.Daemon {
		kind = "not a daemon"
	}
	if s.Two.Daemon {
		second = "a daemon, "
	}
	if s.Join > 0 {
		join = fmt.Sprintf("joins Worker 1 until tick %d at most", s.Pause+s.Join)
	}
	return fmt.Sprintf("main starts Worker 1 (%s, %d ticks of work), works %d tick, starts Worker 2 (%s%d ticks),"+
		" %s, and is at its last line. Each worker writes a number a tick.", kind, s.One.Ticks, s.Pause, second, s.Two.Ticks, join)
}

// play plays a story. It returns what happened, and how many numbers Worker 1
// has written.
func play(ctx context.Context, stage *lessons.Stage, s Script) (lessons.Events, int, error) {
	dir, err := lessons.TempDir("daemon")
	if err != nil {
		return nil, 0, err
	}
	defer lessons.RemoveTemp(dir)
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

// What main says after its join.
const (
	hasJoined = "has joined"
	gaveUp    = "gives up joining"
)

// verb says how a join ended: with the process, or with main's patience.
func verb(joined error) string {
	if errors.Is(joined, context.Canceled) {
		return gaveUp
	}
	return hasJoined
}

// saw puts what happened into words.
func (s Script) saw(events lessons.Events, numbers int) string {
	waited, silent := s.fates(events)
	text, daemon := "Main", "but nobody waits for a daemon"
	if s.Join > 0 { // then somebody did
		text, daemon = joined(events)+" After its last line it", "and for no daemon"
	}
	text += " waited for "
	switch whom, who := strings.Join(waited, " and "), strings.Join(silent, " and "); {
	case whom == "" && who == "":
		text += "nobody: both workers had printed \"exiting\"."
	case whom == "":
		text += fmt.Sprintf("nobody, and %s never printed \"exiting\".", who)
	case who != "":
		text += fmt.Sprintf("%s, %s: %s never printed \"exiting\".", whom, daemon, who)
	case len(waited) == 1:
		text += whom + ", which printed \"exiting\"."
	default:
		text += whom + ", and both printed \"exiting\"."
	}
	return fmt.Sprintf("%s The file of Worker 1 has %d of %d numbers.", text, numbers, s.One.Ticks)
}

// fates tells for which workers main waited after its last line, and which of
// them never got to theirs.
func (s Script) fates(events lessons.Events) (waited, silent []string) {
	find := func(who string, sign byte) int {
		return slices.IndexFunc(events, func(e lessons.Event) bool { return e.Who == who && e.Sign == sign })
	}
	for i, e := range []Errand{s.One, s.Two} {
		name := fmt.Sprint("Worker ", i+1)
		switch {
		case !events.Said(name, "exiting"):
			silent = append(silent, name)
		case !e.Daemon && find(name, ']') > find("main", '|'):
			waited = append(waited, name)
		}
	}
	return waited, silent
}

// joined tells how long main joined Worker 1, and what came of it.
func joined(events lessons.Events) string {
	ticks, result := 0, ""
	for _, e := range events {
		switch {
		case e.Who == "main" && e.Sign == '.':
			ticks = -e.Tick
		case strings.HasPrefix(e.Text, gaveUp):
			ticks, result = ticks+e.Tick, "and gave up"
		case strings.HasPrefix(e.Text, hasJoined):
			ticks, result = ticks+e.Tick, "until that had ended"
		}
	}
	return fmt.Sprintf("Main joined Worker 1 for %s %s.", inTicks(ticks), result)
}

func inTicks(n int) string {
	if n == 1 {
		return "1 tick"
	}
	return fmt.Sprintf("%d ticks", n)
}
