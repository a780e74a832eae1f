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
	end := "Then main reaches its last line without joining either of them."
	if s.Join > 0 {
		end = fmt.Sprintf("Then main joins Worker 1 with a timeout of %s, and reaches its last line.", inTicks(s.Join))
	}
	return fmt.Sprintf("Main starts Worker 1 (%s). After %s it starts Worker 2 (%s). %s"+
		" At the end of each tick of work, a worker writes one number to its own file.", s.One, inTicks(s.Pause), s.Two, end)
}

// String says what kind of worker this is, and how long it works.
func (e Errand) String() string {
	kind := "not a daemon"
	if e.Daemon {
		kind = "a daemon"
	}
	return kind + ", " + inTicks(e.Ticks) + " of work"
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
	text, whom, one := "After its last line, main", "nobody", "Worker 1"
	if s.Join > 0 {
		text = joined(events) + " After its last line, it"
	}
	if len(waited) > 0 {
		whom = strings.Join(waited, " and ")
	}
	switch names := strings.Join(silent, " and "); len(silent) {
	case 0:
		text += " waited for " + whom + printed(waited)
	case 1:
		text += fmt.Sprintf(" terminated its daemon, %s, and waited for %s. %[1]s never printed \"exiting\".", names, whom)
		if names == one {
			one = "It"
		}
	default:
		text += fmt.Sprintf(" terminated its daemons, %s, and waited for %s. They never printed \"exiting\".", names, whom)
	}
	return fmt.Sprintf("%s %s wrote %d of its %d numbers.", text, one, numbers, s.One.Ticks)
}

// printed ends the sentence about a main that had no daemon to terminate.
func printed(waited []string) string {
	switch len(waited) {
	case 0:
		return ": both workers had already printed \"exiting\"."
	case 1:
		return ", which printed \"exiting\"."
	}
	return ", and both printed \"exiting\"."
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
			ticks, result = ticks+e.Tick, "then gave up"
		case strings.HasPrefix(e.Text, hasJoined):
			ticks, result = ticks+e.Tick, "until it ended"
		}
	}
	return fmt.Sprintf("Main joined Worker 1 for %s, %s.", inTicks(ticks), result)
}

func inTicks(n int) string {
	if n == 1 {
		return "1 tick"
	}
	return fmt.Sprintf("%d ticks", n)
}
