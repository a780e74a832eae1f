package lessons

import (
	"context"
	"encoding/json"
	"io"
	"os"

	"processbook/mp"
)

// While the program in main.go runs, each of its processes writes into one file
// whom it starts, whom it asks to end, and whose end it sees: mp tells it. The system appends one
// such line after another, so the file has them in the order in which they
// happened. No line of main.go knows of it.

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

// read reads the file. A PID that occurs again is that of a new process.
func (r *Run) read(record string) error {
	f, err := os.Open(record)
	if err != nil {
		return err
	}
	defer f.Close()
	r.Moments = 1
	lives := map[int]int{r.Main().PID: 0} // by PID, places in r.Lives
	for lines := json.NewDecoder(f); ; {
		var e entry
		switch err := lines.Decode(&e); err {
		case nil:
		case io.EOF:
			r.forget()
			return nil
		default:
			return err
		}
		r.Moments++
		switch i := lives[e.PID]; e.What {
		case "started":
			lives[e.PID] = len(r.Lives)
			e.Started = r.Moments
			r.Lives = append(r.Lives, e.Life)
		case "asked":
			if r.Lives[i].Asked > 0 {
				r.Moments-- // to ask again changes nothing
				continue
			}
			r.Lives[i].Asked = r.Moments
		case "last line":
			r.Lives[i].LastLine = r.Moments
		case "ended":
			l := &r.Lives[i]
			l.Ended, l.Code = r.Moments, e.Code
			l.dismissed = l.Daemon && l.Parent == r.Main().PID && r.Main().LastLine > 0
		}
	}
}

// forget takes those moments out of the order at which a process was asked to
// end, and ended for that reason: its end says it all.
func (r *Run) forget() {
	for i := range r.Lives {
		l := &r.Lives[i]
		if at := l.Asked; at > 0 && l.symbol() == "x" {
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
