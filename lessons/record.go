package lessons

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"

	"processbook/mp"
)

// While the program in main.go runs, each of its processes writes into one file
// whom it starts, whom it asks to end, and whose end it sees: mp tells it. The
// system appends one such line after another, so the file has them in the order
// in which they happened. No line of main.go knows of it.

// recordVar is the variable in the environment that has the name of the file.
const recordVar = "LESSON_RECORD"

// An entry is a line of the file.
type entry struct {
	What string // "started", "asked", "last line" or "ended"
	Life
}

func note(record string, e entry) {
	line, err := json.Marshal(e)
	if err != nil {
		panic(err) // a programming error
	}
	f, err := os.OpenFile(record, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return // the lesson is gone, and so is this process, soon: see recorded
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

// recorded is program, and notes that it has reached its last line. Only main
// runs it. It ends when the lesson ends, however that happens: then the system
// closes the lifeline.
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

// read reads the file.
func (r *Run) read(record string) error {
	text, err := os.ReadFile(record)
	if err != nil {
		return err
	}
	r.Moments = 1
	lives := map[int]int{r.Main().PID: 0}
	for line := range bytes.Lines(text) {
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		r.add(e, lives)
	}
	r.forget()
	return nil
}

// add adds what a line says. By PID, lives has places in r.Lives: a PID that
// occurs again is that of a new process.
func (r *Run) add(e entry, lives map[int]int) {
	l := &r.Lives[lives[e.PID]]
	if e.What == "asked" && l.Asked > 0 {
		return // to ask again changes nothing
	}
	r.Moments++
	switch e.What {
	case "started":
		lives[e.PID] = len(r.Lives)
		e.Started = r.Moments
		r.Lives = append(r.Lives, e.Life)
	case "asked":
		l.Asked = r.Moments
	case "last line":
		l.LastLine = r.Moments
	case "ended":
		l.Ended, l.Code = r.Moments, e.Code
		l.dismissed = l.Daemon && l.Parent == r.Main().PID && r.Main().LastLine > 0
	}
}

// forget takes those moments out of the order at which a process was asked to
// end, and ended for that reason: its end says it all.
func (r *Run) forget() {
	for i := range r.Lives {
		l := &r.Lives[i]
		if symbol, _, _ := l.ending(); l.Asked > 0 && symbol == "x" {
			at := l.Asked
			l.Asked = 0
			r.Moments--
			for j := range r.Lives {
				r.Lives[j].shift(at)
			}
		}
	}
}

// shift moves all that came after a moment one place to the left.
func (l *Life) shift(at int) {
	for _, place := range []*int{&l.Started, &l.Asked, &l.LastLine, &l.Ended} {
		if *place > at {
			*place--
		}
	}
}
