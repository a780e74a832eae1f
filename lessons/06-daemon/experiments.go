package main

// The experiments of the quiz, and of the lesson's last table. You need not read
// this file to understand main.go. There the processes sleep, as the chapter's do;
// here every step waits for a message, so a slow machine cannot change the order.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"processbook/lessons"
	"processbook/mp"
)

// Many expect of 6a that a daemon finishes in the background; of 6b that main's last
// line ends everything; of 6c that main cannot wait for a daemon; of 6d that the
// timeout is the daemon's, and kills it; of 6e that a daemon finishes if it is not
// terminated, as in Python; of 6f ten numbers, or as many as Worker 2 adds; of 6g
// that the daemon writes the price that belongs to the last name.
var experiments = lessons.Facts{
	"6a": of(Scene{Daemon: true}, lines),
	"6b": of(Scene{}, lines),
	"6c": of(Scene{Daemon: true, Join: lessons.Limit}, lines),
	"6d": of(Scene{Daemon: true, Join: time.Millisecond}, func(e *experiment) string { return e.alive }),
	"6e": of(Scene{Daemon: true, killed: true}, finished),
	"6f": func(ctx context.Context) (string, error) {
		numbers, sum, err := loss(ctx, true)
		return fmt.Sprint(numbers, " ", sum), err
	},
	"6g": namesAndPrices,
}

// of measures something of a scene.
func of(s Scene, something func(*experiment) string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		e, err := play(ctx, s)
		return something(e), err
	}
}

// lines are those of example 4 that were printed.
func lines(e *experiment) string {
	return lessons.Letters(e.printed["Worker 1 starting"], e.printed["Worker 2 starting"],
		e.printed["Worker 2 exiting"], e.printed["Worker 1 exiting"])
}

func finished(e *experiment) string {
	who := lessons.Letters(e.printed["Worker 1 exiting"], e.printed["Worker 2 exiting"])
	return map[string]string{"A B": "both", "A": "only Worker 1", "B": "only Worker 2", "": "neither"}[who]
}

// A Scene describes an experiment to its processes.
type Scene struct {
	Daemon   bool          // Worker 1 is one
	Join     time.Duration // how long main joins Worker 1; 0: not at all
	killed   bool          // main is killed, and never reaches its last line
	one, two work

	Main, One, Two *mp.Conn[string, string] // to the experiment, for main and the workers
	File           string                   // of Worker 1; that of Worker 2 has a 2 at the end
}

// work has the lines that a worker writes before main's last line, and after it.
type work struct{ before, after []string }

// director is main. It starts both workers, and goes on when it is told to.
var director = mp.Proc("director", func(s Scene) error {
	ctx := context.Background()
	one, two := mp.NewProcess(obey, Scene{One: s.One, File: s.File}), mp.NewProcess(obey, Scene{One: s.Two, File: s.File + "2"})
	one.Name, two.Name, one.Daemon = "Worker 1", "Worker 2", s.Daemon
	if err := errors.Join(one.Start(ctx), two.Start(ctx)); err != nil {
		return err
	}
	if _, err := s.Main.Recv(); err != nil {
		return err
	}
	if s.Join > 0 {
		limit, cancel := context.WithTimeout(ctx, s.Join)
		defer cancel()
		one.Join(limit) // its error is not the question
	}
	return s.Main.Send(map[bool]string{true: "alive", false: "dead"}[one.Alive()])
})

// obey is a worker that does what it is told: it writes a line to its file, and
// sends the sum of all numbers so far; or it finishes.
var obey = mp.Proc("obey", func(s Scene) error {
	f, err := os.Create(s.File)
	if err != nil {
		return err
	}
	s.One.Send(mp.Current().Name + " starting")
	for sum := 0; ; {
		order, err := s.One.Recv()
		if err != nil {
			return nil // the experiment is over
		}
		if order == "finish" {
			return s.One.Send(mp.Current().Name + " exiting")
		}
		fmt.Fprintln(f, order)
		n, _ := strconv.Atoi(order)
		sum += n
		s.One.Send(fmt.Sprint(sum))
	}
})

// An experiment has a pipe to main and to each worker, and the results.
type experiment struct {
	main, one, two *mp.Conn[string, string]
	printed        map[string]bool // the lines that the workers have sent
	alive          string          // what main saw of Worker 1 after its join: alive or dead
	sum            string          // of Worker 2
	file           []byte          // what Worker 1 has written
	err            error
}

// hear receives a line. It is "" if the process at the other end has ended.
func (e *experiment) hear(line *mp.Conn[string, string]) string {
	text, err := lessons.Recv(line)
	if err != io.EOF {
		e.err = errors.Join(e.err, err)
	}
	e.printed[text] = true
	return text
}

// tell sends orders, and receives the replies.
func (e *experiment) tell(line *mp.Conn[string, string], orders ...string) (last string) {
	for i := 0; i < len(orders) && e.err == nil; i++ {
		line.Send(orders[i]) // the question is whether the process still receives it
		last = e.hear(line)
	}
	return last
}

func play(ctx context.Context, s Scene) (*experiment, error) {
	e := &experiment{printed: make(map[string]bool)}
	dir, err := lessons.TempDir("daemon")
	if err != nil {
		return e, err
	}
	defer lessons.RemoveTemp(dir)
	s.File = filepath.Join(dir, "file")
	e.main, s.Main = mp.Pipe[string, string]()
	e.one, s.One = mp.Pipe[string, string]()
	e.two, s.Two = mp.Pipe[string, string]()
	main := mp.NewProcess(director, s)
	if err := main.Start(ctx); err != nil {
		return e, err
	}
	e.hear(e.one)
	e.hear(e.two)
	e.tell(e.one, s.one.before...)
	e.tell(e.two, s.two.before...)
	if s.killed {
		main.Kill()
		e.hear(e.two) // it gets EOF: the worker ends, and the system closes its pipe
	}
	e.main.Send("go on")
	if s.Join < lessons.Limit {
		e.alive = e.hear(e.main)
		if s.Daemon {
			e.hear(e.one) // it gets EOF
		}
	}
	e.tell(e.one, s.one.after...)
	e.sum = e.tell(e.two, s.two.after...)
	e.tell(e.two, "finish")
	e.tell(e.one, "finish")
	if err := lessons.Join(ctx, main); !s.killed {
		e.err = errors.Join(e.err, err)
	}
	e.file, _ = os.ReadFile(s.File) // no file, no lines
	return e, e.err
}

// loss lets Worker 1 write ten numbers. Main reaches its last line when three are
// written (in form 2, four), and Worker 2 adds three more numbers after that.
func loss(ctx context.Context, daemon bool) (numbers int, sum string, err error) {
	ten, n := strings.Fields("1 2 3 4 5 6 7 8 9 10"), lessons.Form(3, 4)
	e, err := play(ctx, Scene{Daemon: daemon, one: work{ten[:n], ten[n:]}, two: work{ten[:n], ten[n : n+3]}})
	return bytes.Count(e.file, []byte("\n")), e.sum, err
}

// namesAndPrices counts those that a daemon has written. Main reaches its last line
// after the fourth name (in form 2, the sixth).
func namesAndPrices(ctx context.Context) (string, error) {
	goods, n := strings.Fields(strings.Repeat("name price ", 10)), lessons.Form(7, 11)
	e, err := play(ctx, Scene{Daemon: true, one: work{goods[:n], goods[n:]}})
	return fmt.Sprint(bytes.Count(e.file, []byte("name")), " ", bytes.Count(e.file, []byte("price"))), err
}
