package main

// What the quiz asks, and the lesson's last table. Nobody has to read this file
// to understand main.go. There the processes sleep, as the chapter's do; here
// every step waits for a message, so no slow machine can change the order.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"processbook/lessons"
	"processbook/mp"
)

var experiments = lessons.Facts{
	"6a": linesOfExample4,
	"6b": linesWithoutDaemon,
	"6c": linesWithJoin,
	"6d": aliveAfterTimeout,
	"6e": daemonAfterMain,
	"6f": numbersInFile,
}

// A Scene is what main must know in an experiment.
type Scene struct {
	Main, One, Two *mp.Conn[string, string] // to the experiment, for main and the workers
	File           string                   // of Worker 1
	Daemon         bool                     // Worker 1 is one
	Join           time.Duration            // how long main joins Worker 1 at most; 0: not at all
}

// A Part is what a worker must know.
type Part struct {
	Line *mp.Conn[string, string]
	File string
}

// director is main. It starts both workers, and goes on when it is told to.
var director = mp.Proc("director", func(s Scene) error {
	ctx := context.Background()
	one, two := mp.NewProcess(obey, Part{s.One, s.File}), mp.NewProcess(obey, Part{s.Two, os.DevNull})
	one.Name, two.Name, one.Daemon = "Worker 1", "Worker 2", s.Daemon
	if err := errors.Join(one.Start(ctx), two.Start(ctx)); err != nil {
		return err
	}
	if _, err := s.Main.Recv(); err != nil || s.Join == 0 {
		return err
	}
	limit, cancel := context.WithTimeout(ctx, s.Join)
	defer cancel()
	one.Join(limit) // its error is not the question
	return s.Main.Send(map[bool]string{true: "alive", false: "dead"}[one.Alive()])
})

// obey is a worker that does what it is told: a step, or its end. A step adds a
// number to its file, and sends the sum of all its numbers.
var obey = mp.Proc("obey", func(p Part) error {
	p.Line.Send(mp.Current().Name + " starting")
	for n, sum := 1, 0; ; n++ {
		order, err := p.Line.Recv()
		if err != nil {
			return nil // the experiment is over
		}
		if order == "finish" {
			return p.Line.Send(mp.Current().Name + " exiting")
		}
		f, err := os.OpenFile(p.File, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		sum += n
		fmt.Fprintln(f, n)
		f.Close()
		p.Line.Send(fmt.Sprint(sum))
	}
})

// An experiment has a pipe to main and to each worker, and what came of it.
type experiment struct {
	main, one, two *mp.Conn[string, string]

	printed map[string]bool // the lines that the workers have sent
	alive   string          // what main saw of Worker 1 after its join: alive or dead
	sum     string          // of Worker 2
	numbers int             // in the file of Worker 1
	after   string          // what Worker 1 sends when main has ended; "" if it is gone
	err     error
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

// tell sends an order, and hears what comes of it. Whether anybody is there to
// get the order is the question.
func (e *experiment) tell(line *mp.Conn[string, string], order string) string {
	line.Send(order)
	return e.hear(line)
}

// play does an experiment. Worker 1 has ten steps to do, Worker 2 has six, and
// main goes on when both have done three. (In form 2 it is seven, and four.)
func play(ctx context.Context, daemon bool, join time.Duration) (*experiment, error) {
	e := &experiment{printed: make(map[string]bool)}
	dir, err := lessons.TempDir("daemon")
	if err != nil {
		return e, err
	}
	defer lessons.RemoveTemp(dir)
	s := Scene{File: filepath.Join(dir, "numbers"), Daemon: daemon, Join: join}
	e.main, s.Main = mp.Pipe[string, string]()
	e.one, s.One = mp.Pipe[string, string]()
	e.two, s.Two = mp.Pipe[string, string]()
	main := mp.NewProcess(director, s)
	if err := main.Start(ctx); err != nil {
		return e, err
	}
	e.hear(e.one)
	e.hear(e.two)
	e.steps(1, lessons.Form(3, 4))
	e.main.Send("go on")
	if join > 0 && join < lessons.Limit {
		e.alive = e.hear(e.main)
	}
	if daemon && join < lessons.Limit {
		e.hear(e.one) // nothing comes: it ends, and the system closes its pipe
	}
	e.steps(lessons.Form(4, 5), 10)
	e.tell(e.two, "finish")
	e.tell(e.one, "finish")
	e.err = errors.Join(e.err, lessons.Join(ctx, main))
	e.after = e.tell(e.one, "step")
	written, _ := os.ReadFile(s.File) // no file, no numbers
	e.numbers = bytes.Count(written, []byte("\n"))
	return e, e.err
}

func (e *experiment) steps(from, to int) {
	for n := from; n <= to && e.err == nil; n++ {
		e.tell(e.one, "step")
		if n <= lessons.Form(6, 7) {
			e.sum = e.tell(e.two, "step")
		}
	}
}

// letters tells which lines of example 4 were printed, as the quiz asks it.
func (e *experiment) letters() string {
	return lessons.Letters(e.printed["Worker 1 starting"], e.printed["Worker 2 starting"],
		e.printed["Worker 2 exiting"], e.printed["Worker 1 exiting"])
}

// 6a measures which lines example 4 prints. Many expect D: a daemon would
// finish in the background, as a Unix daemon does.
func linesOfExample4(ctx context.Context) (string, error) {
	e, err := play(ctx, true, 0)
	return e.letters(), err
}

// 6b measures the same without a daemon. Main joins nobody here either, so
// many expect that its last line ends everything.
func linesWithoutDaemon(ctx context.Context) (string, error) {
	e, err := play(ctx, false, 0)
	return e.letters(), err
}

// 6c measures the same with a daemon that main joins. Many expect that main
// cannot wait for a daemon. It can; it need not.
func linesWithJoin(ctx context.Context) (string, error) {
	e, err := play(ctx, true, lessons.Limit)
	return e.letters(), err
}

// 6d measures what main sees of Worker 1 when a join with a timeout has
// returned. Many expect that the timeout is the worker's, and kills it.
func aliveAfterTimeout(ctx context.Context) (string, error) {
	e, err := play(ctx, true, time.Millisecond)
	return e.alive, err
}

// 6e measures whether the daemon does another step when main has ended. A Unix
// daemon is made to outlive its parent, so the word misleads.
func daemonAfterMain(ctx context.Context) (string, error) {
	e, err := play(ctx, true, 0)
	return map[bool]string{true: "runs on", false: "is gone"}[e.after != ""], err
}

// 6f counts the numbers in the file of a daemon that would write ten. Main
// reaches its last line when three are written, and Worker 2 does three more
// steps. Many expect 10, and many who know better 6: that a daemon runs as long
// as anybody does.
func numbersInFile(ctx context.Context) (string, error) {
	e, err := play(ctx, true, 0)
	return fmt.Sprint(e.numbers), err
}
