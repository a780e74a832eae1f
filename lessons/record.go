package lessons

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"processbook/mp"
)

// While the program in main.go runs, package mp tells each of its processes which
// process it starts, terminates, or sees end. Each writes that into one file. The
// system appends one line after another, so they are in the order of time.

// recordVar is the variable in the environment that has the name of the file.
const recordVar = "LESSON_RECORD"

// An entry is a line of the file.
type entry struct {
	What string // "started", "asked", "last line" or "ended"
	Life
}

func note(record string, e entry) {
	line, _ := json.Marshal(e) // strings and numbers cannot fail
	f, err := os.OpenFile(record, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return // the lesson has ended and removed the file, and this process will end: see recorded
	}
	f.Write(append(line, '\n'))
	f.Close()
}

func watch(record string) {
	mp.Watch(func(p *mp.Process) {
		note(record, entry{"started", Life{Name: p.Name, PID: p.PID(), Parent: os.Getpid(), Daemon: p.Daemon}})
	}, func(p *mp.Process) {
		note(record, entry{"asked", Life{PID: p.PID()}})
	}, func(p *mp.Process, code int) {
		note(record, entry{"ended", Life{PID: p.PID(), Code: code}})
	})
}

// recorded is program, and notes that it has reached its last line. Only main runs
// it. It ends when the lesson ends, for any reason, because then its standard input
// gets EOF.
func recorded(record string, program func(ctx context.Context) error) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		go func() {
			io.Copy(io.Discard, os.Stdin)
			os.Exit(1)
		}()
		err := program(ctx)
		note(record, entry{"last line", Life{PID: os.Getpid()}})
		return err
	}
}

// A moment is a line of the file. life is the place of its process in r.Lives.
type moment struct {
	what string
	life int
}

// read reads the file.
func (r *Run) read(record string) error {
	text, err := os.ReadFile(record)
	if err != nil {
		return err
	}
	var all []moment
	lives := map[int]int{r.Main().PID: 0} // a PID that occurs again is that of a new process
	for line := range bytes.Lines(text) {
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		if e.What == "started" {
			lives[e.PID] = len(r.Lives)
			r.Lives = append(r.Lives, e.Life)
		}
		m := moment{e.What, lives[e.PID]}
		if slices.Contains(all, m) {
			continue // to ask again changes nothing
		}
		all = append(all, m)
		l := r.at(m)
		if e.What == "ended" {
			l.Code, l.dismissed = e.Code, !r.Changed && l.Daemon && l.Parent == r.Main().PID && r.Main().LastLine > 0
		}
		*l.place(e.What) = len(all)
	}
	r.arrange(all)
	return nil
}

func (r *Run) at(m moment) *Life { return &r.Lives[m.life] }

func (l *Life) place(what string) *int {
	return map[string]*int{"started": &l.Started, "asked": &l.Asked, "last line": &l.LastLine, "ended": &l.Ended}[what]
}

// arrange gives the moments their places, from 2 on. If a process ended because it
// was asked to, only its end has a place.
func (r *Run) arrange(all []moment) {
	all = slices.DeleteFunc(all, func(m moment) bool {
		symbol, _, _ := r.at(m).ending()
		if m.what != "asked" || symbol != "x" {
			return false
		}
		r.at(m).Asked = 0
		return true
	})
	for i := range all {
		for j := i; j > 0 && all[j].what == all[j-1].what && chance(r.at(all[j-1]), r.at(all[j])); j-- {
			all[j-1], all[j] = all[j], all[j-1]
		}
	}
	for i, m := range all {
		*r.at(m).place(m.what) = i + 2
	}
	r.Moments = len(all) + 1
	slices.SortStableFunc(r.Lives, func(a, b Life) int { return a.Started - b.Started })
}

// chance reports whether b could also have come before a. A pool starts and ends all
// its workers at once, so the next run could have another order. They are drawn in
// the order of their numbers.
func chance(a, b *Life) bool {
	number := func(l *Life) (n int) {
		fmt.Sscanf(l.Name[strings.LastIndexAny(l.Name, "-:")+1:], "%d", &n)
		return n
	}
	return a.Pooled() && b.Pooled() && a.Parent == b.Parent && a.End() == b.End() && number(a) > number(b)
}
