package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"processbook/lessons"
	"processbook/mp"
)

// tell is the lesson's page: the plan, both stories, what they have shown.
func tell(ctx context.Context, code, workers int) error {
	if !lesson.Plan("main makes a Process, starts it, joins it twice, and starts it once more. The child waits for a word"+
		" from main, which comes between the joins, and calls os.Exit(%d). Then a pool of %d is given %d tasks.",
		code, workers, size) {
		return nil
	}
	l := life(ctx, code)
	if ctx.Err() != nil {
		return ctx.Err() // Ctrl-C: what the calls gave means nothing
	}
	lessons.Print(l)
	w, err := meeting(ctx, workers, size)
	if err = errors.Join(err, w.Failed); err != nil {
		return err
	}
	lessons.Figure(w.String())
	lessons.Para("saw", "When NewProcess returned, the child %s; when Start returned, it %s; when the short Join returned, it %s;"+
		" when Join returned, it %s. What the second Start gave: %s.",
		l[0].state(), l[1].state(), l[2].state(), l[3].state(), l[4].gave)
	doers := "1 process"
	if n := len(w.shares()); n != 1 {
		doers = fmt.Sprintf("%d processes", n)
	}
	lessons.Para("saw", "%d tasks were done by %s. Workers alive after Map: %d, after Close: %d. A pool keeps its workers"+
		" for the next task.", len(w.Answers), doers, w.AfterMap, w.AfterClose)
	lessons.Para("try", "-code 0, -workers 1, -workers 9")
	return nil
}

// A Life is what main has seen of a Process.
type Life []moment

// A moment is after a call.
type moment struct {
	call, gave string
	pid        int
	alive      bool
	code       int // valid if ended
	ended      bool
}

func (l *Life) note(call string, p *mp.Process, gave any) {
	m := moment{call: call, pid: p.PID(), alive: p.Alive()}
	m.code, m.ended = p.ExitCode()
	switch gave := gave.(type) {
	case *mp.Process:
		m.gave = fmt.Sprintf("a value, %T", gave)
	case error:
		m.gave = brief(gave)
	case nil:
		m.gave = "nil"
	}
	*l = append(*l, m)
}

// hear adds what the child says to the last moment, if there is a child.
func (l Life) hear(p *mp.Process, line *mp.Conn[string, string]) {
	if p.PID() == 0 {
		return
	}
	said, err := lessons.Recv(line)
	if err != nil {
		said = err.Error()
	}
	l[len(l)-1].gave += fmt.Sprintf("; the child says %q", said)
}

// brief is what an error says, without the process, which the table has, and
// without advice.
func brief(err error) string {
	text, _, _ := strings.Cut(err.Error(), ";")
	if _, after, ok := strings.Cut(text, ": "); ok {
		text = after
	}
	return strings.TrimPrefix(text, "mp: ")
}

func (m moment) state() string {
	switch {
	case m.pid == 0:
		return "was not there"
	case m.alive:
		return "was running"
	case m.ended:
		return "had ended"
	}
	return "was lost"
}

// String draws the process's life from top to bottom, beside the calls.
func (l Life) String() string {
	var b strings.Builder
	fmt.Fprintln(&b, "call in main     PID      child   what the call gave")
	for _, m := range l {
		pid, sign := "-", "."
		if m.pid != 0 {
			pid = lessons.PID(m.pid)
		}
		if m.alive {
			sign = "|"
		} else if m.ended {
			sign = fmt.Sprint(m.code)
		}
		fmt.Fprintf(&b, "%-16s %-7s  %3s     %s\n", m.call, pid, sign, m.gave)
	}
	fmt.Fprintln(&b, "                         . none  | runs  a number: its exit code")
	return b.String()
}

// Work is what main has seen of a Pool.
type Work struct {
	Answers              []Answer
	Failed               error
	AfterMap, AfterClose int // children that were alive
}

// shares is how many tasks each worker has done, the busiest first.
func (w Work) shares() (shares []share) {
	for _, a := range w.Answers {
		i := slices.IndexFunc(shares, func(s share) bool { return s.pid == a.PID })
		if i < 0 {
			i, shares = len(shares), append(shares, share{pid: a.PID})
		}
		shares[i].tasks++
	}
	slices.SortStableFunc(shares, func(a, b share) int { return b.tasks - a.tasks })
	return shares
}

type share struct{ pid, tasks int }

func (w Work) String() string {
	var b strings.Builder
	b.WriteString("pool.Map gave   ")
	for _, a := range w.Answers {
		fmt.Fprintf(&b, " %d", a.Square)
	}
	b.WriteString("\n\nworker's PID     its tasks\n")
	for _, s := range w.shares() {
		fmt.Fprintf(&b, "%-16s %s\n", lessons.PID(s.pid), strings.TrimSpace(strings.Repeat("[] ", s.tasks)))
	}
	legend := "[] a task"
	if len(w.shares()) > 1 {
		legend += "; tasks below one another ran at the same time"
	}
	fmt.Fprintf(&b, "%-16s %s\n", "", legend)
	return b.String()
}
