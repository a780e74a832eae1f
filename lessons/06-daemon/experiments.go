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
	"slices"
	"strings"
	"time"

	"processbook/lessons"
	"processbook/mp"
)

var experiments = lessons.Facts{
	"6a": linesOfExample4,
	"6b": linesWithoutDaemon,
	"6c": linesWithJoin,
	"6d": aliveAfterLimit,
	"6e": daemonAfterMain,
	"6f": numbersInFile,
}

// A Scene is what main must know: three pipes to the experiment, the file of
// Worker 1, whether it is a daemon, and how long main joins it at most.
type Scene struct {
	Main, One, Two *mp.Conn[string, string]
	File           string
	Daemon         bool
	Join           time.Duration
}

// A Part is what a worker must know.
type Part struct {
	Line *mp.Conn[string, string]
	File string
}

// director is main. It starts both workers, and goes on when it is told to.
var director = mp.Proc("director", func(s Scene) error {
	ctx := context.Background()
	one, two := mp.NewProcess(follow, Part{s.One, s.File}), mp.NewProcess(follow, Part{s.Two, os.DevNull})
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

// follow is a worker that does what it is told: a step, or its end. A step adds
// a number to its file, and sends the sum of all its numbers.
var follow = mp.Proc("follow", func(p Part) error {
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

// An experiment has a pipe to main and to each worker.
type experiment struct {
	main, one, two *mp.Conn[string, string]
	process        *mp.Process // main
	heard          []string    // what the workers have sent
}

// stage begins an experiment, and lets act go on when both workers have started.
// When it returns, all have ended.
func stage(ctx context.Context, s Scene, act func(e *experiment) error) (*experiment, error) {
	e := new(experiment)
	e.main, s.Main = mp.Pipe[string, string]()
	e.one, s.One = mp.Pipe[string, string]()
	e.two, s.Two = mp.Pipe[string, string]()
	e.process = mp.NewProcess(director, s)
	err := lessons.Start(ctx, e.process)
	if err == nil {
		err = errors.Join(e.hear(e.one), e.hear(e.two))
	}
	if err == nil {
		err = act(e)
	}
	if err == nil {
		err = lessons.Join(ctx, e.process)
	}
	return e, err
}

// hear receives what a worker sends. One that has ended sends nothing more, and
// that is no error.
func (e *experiment) hear(worker *mp.Conn[string, string]) error {
	line, err := lessons.Recv(worker)
	if err == io.EOF {
		return nil
	}
	e.heard = append(e.heard, line)
	return err
}

// tell gives an order to a worker, and hears what it sends.
func (e *experiment) tell(worker *mp.Conn[string, string], order string) error {
	worker.Send(order) // whether anybody is there to get it is the question
	return e.hear(worker)
}

// lastLine lets main reach its last line. If Worker 1 is a daemon, it waits for
// the end of Worker 1: for that of its pipe, which the system closes.
func (e *experiment) lastLine(daemon bool) error {
	err := e.main.Send("go on")
	if err == nil && daemon {
		return e.hear(e.one)
	}
	return err
}

// letters tells which lines of example 4 were sent, as in the quiz.
func (e *experiment) letters() string {
	var letters []string
	for i, line := range []string{"Worker 1 starting", "Worker 2 starting", "Worker 2 exiting", "Worker 1 exiting"} {
		if slices.Contains(e.heard, line) {
			letters = append(letters, "ABCD"[i:i+1])
		}
	}
	return strings.Join(letters, " ")
}

// example4 lets main join nobody. After its last line Worker 2 finishes, and
// then Worker 1, if it can.
func example4(ctx context.Context, daemon bool) (string, error) {
	e, err := stage(ctx, Scene{File: os.DevNull, Daemon: daemon}, func(e *experiment) error {
		return errors.Join(e.lastLine(daemon), e.tell(e.two, "finish"), e.tell(e.one, "finish"))
	})
	return e.letters(), err
}

// 6a measures which lines example 4 prints. Many expect D: a daemon would
// finish in the background, as a Unix daemon does.
func linesOfExample4(ctx context.Context) (string, error) { return example4(ctx, true) }

// 6b measures the same without a daemon. Main joins nobody here either, so
// many expect that its last line ends everything.
func linesWithoutDaemon(ctx context.Context) (string, error) { return example4(ctx, false) }

// 6c measures the same with a daemon that main joins. Many expect that main
// cannot wait for a daemon. It can; it need not.
func linesWithJoin(ctx context.Context) (string, error) {
	e, err := stage(ctx, Scene{File: os.DevNull, Daemon: true, Join: lessons.Limit}, func(e *experiment) error {
		return errors.Join(e.lastLine(false), e.tell(e.one, "finish"), e.tell(e.two, "finish"))
	})
	return e.letters(), err
}

// 6d measures what main sees of Worker 1 when a join with a timeout has
// returned. Worker 1 cannot finish before: nobody tells it to. Many expect that
// the timeout is the worker's, and kills it.
func aliveAfterLimit(ctx context.Context) (answer string, err error) {
	_, err = stage(ctx, Scene{File: os.DevNull, Daemon: true, Join: time.Millisecond}, func(e *experiment) (err error) {
		e.main.Send("go on")
		answer, err = lessons.Recv(e.main)
		return errors.Join(err, e.tell(e.two, "finish"))
	})
	return answer, err
}

// 6e measures whether a daemon does another step when main has ended. A Unix
// daemon is made to outlive its parent, and the word misleads.
func daemonAfterMain(ctx context.Context) (string, error) {
	answer := "is gone"
	_, err := stage(ctx, Scene{File: os.DevNull, Daemon: true}, func(e *experiment) error {
		err := errors.Join(e.main.Send("go on"), e.tell(e.two, "finish"), lessons.Join(ctx, e.process))
		before := len(e.heard)
		err = errors.Join(err, e.tell(e.one, "step"))
		if len(e.heard) > before {
			answer = "runs on"
		}
		return err
	})
	return answer, err
}

// 6f counts the numbers in the file of a daemon that would write ten. Main
// reaches its last line when three are written, and Worker 2 does three more
// steps. Many expect 10, and many who know better 6: that a daemon runs as long
// as anybody does.
func numbersInFile(ctx context.Context) (string, error) {
	numbers, _, err := tenSteps(ctx, true)
	return fmt.Sprint(numbers), err
}

// tenSteps lets Worker 1 do ten steps, and Worker 2 six. Main reaches its last
// line after three. It returns how many numbers Worker 1 has written, and the
// sum that Worker 2 has sent.
func tenSteps(ctx context.Context, daemon bool) (numbers int, sum string, err error) {
	dir, err := lessons.TempDir("daemon")
	if err != nil {
		return 0, "", err
	}
	defer lessons.RemoveTemp(dir)
	file := filepath.Join(dir, "numbers")
	_, err = stage(ctx, Scene{File: file, Daemon: daemon}, func(e *experiment) (err error) {
		for n := 1; n <= 10 && err == nil; n++ {
			err = e.tell(e.one, "step")
			if n <= 6 {
				err = errors.Join(err, e.tell(e.two, "step"))
				sum = e.heard[len(e.heard)-1]
			}
			if n == 3 {
				err = errors.Join(err, e.lastLine(daemon))
			}
		}
		return errors.Join(err, e.tell(e.two, "finish"), e.tell(e.one, "finish"))
	})
	written, _ := os.ReadFile(file) // no file, no numbers
	return bytes.Count(written, []byte("\n")), sum, err
}
