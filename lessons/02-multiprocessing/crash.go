package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"processbook/lessons"
	"processbook/mp"
)

const workers = 4 // each divides 12 by its number

var bad = lesson.Int("bad", 3, 0, workers, "let worker `N` divide by zero; 0 is nobody")

// A Job is what a worker must know.
type Job struct {
	Number, Divisor int
	Line            *mp.Conn[int, mp.None] // to main: its process ID, and then the result
}

// A Hand is a worker, as main knows it.
type Hand struct {
	job      Job
	line     *mp.Conn[mp.None, int]
	pid      int
	result   int
	finished bool
	code     int           // the exit code of its process
	exit     *mp.ExitError // and what was said at its end, if it did not end well
}

// newHand is for the worker of that number, which may be the bad one.
func newHand(number, bad int) *Hand {
	h := &Hand{job: Job{Number: number, Divisor: number}}
	if number == bad {
		h.job.Divisor = 0
	}
	h.line, h.job.Line = mp.Pipe[mp.None, int]()
	return h
}

// inProcesses gives every worker a process of its own.
func inProcesses(ctx context.Context, jobs []Job) (all []*mp.Process, err error) {
	for _, j := range jobs {
		p := mp.NewProcess(worker, j)
		p.Name = fmt.Sprintf("Worker %d", j.Number)
		all, err = append(all, p), errors.Join(err, startQuietly(ctx, p))
	}
	return all, err
}

// inGoroutines gives every worker a goroutine in one process. That is not
// main's, or else the lesson would end here.
func inGoroutines(ctx context.Context, jobs []Job) ([]*mp.Process, error) {
	p := mp.NewProcess(crew, jobs)
	p.Name = "Crew"
	return []*mp.Process{p}, startQuietly(ctx, p)
}

// startQuietly starts a process that may panic. Like any Go program it will
// print a stack trace on its standard error, which is what os.Stderr is here at
// its start. What matters of it, Join tells its parent.
func startQuietly(ctx context.Context, p *mp.Process) error {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	defer func(ours *os.File) { os.Stderr = ours }(os.Stderr)
	os.Stderr = null
	return p.Start(ctx)
}

// crash has four workers at work at the same time, lets the bad one go on, and
// then the others. It lets the others go on when it has seen the effect of the
// first, so whoever is lost was in the middle of its work and had done nothing.
func crash(ctx context.Context, bad int, hire func(context.Context, []Job) ([]*mp.Process, error)) ([]*Hand, error) {
	ctx, cancel := context.WithTimeout(ctx, lessons.Limit)
	defer cancel()
	var hands []*Hand
	var jobs []Job
	for n := 1; n <= workers; n++ {
		h := newHand(n, bad)
		defer h.line.Close()
		hands, jobs = append(hands, h), append(jobs, h.job)
	}
	processes, err := hire(ctx, jobs)
	if err != nil {
		return nil, err
	}
	for _, h := range hands {
		if h.pid, err = lessons.Recv(h.line); err != nil {
			return nil, fmt.Errorf("worker %d is not at work: %w", h.job.Number, err)
		}
	}
	if bad > 0 {
		err = hands[bad-1].goOn()
	}
	for _, h := range hands {
		if h.job.Number != bad {
			err = errors.Join(err, h.goOn())
		}
	}
	return hands, errors.Join(err, inquire(ctx, hands, processes))
}

// bothWays does the same with the same workers: only where they are differs.
func bothWays(ctx context.Context, bad int) (processes, routines []*Hand, err error) {
	if processes, err = crash(ctx, bad, inProcesses); err == nil {
		routines, err = crash(ctx, bad, inGoroutines)
	}
	return processes, routines, err
}

// goOn lets the worker go on, and waits for its result or for the end of its
// process, in which the system closes its end of the line.
func (h *Hand) goOn() error {
	h.line.Send(mp.None{}) // perhaps to nobody
	result, err := lessons.Recv(h.line)
	if err == io.EOF {
		return nil
	}
	h.result, h.finished = result, err == nil
	return err
}

// inquire asks how each process has ended. An exit code belongs to a process:
// those who share one share the code.
func inquire(ctx context.Context, hands []*Hand, processes []*mp.Process) error {
	for _, p := range processes {
		var exit *mp.ExitError
		if err := lessons.Join(ctx, p); err != nil && !errors.As(err, &exit) {
			return err
		}
		for _, h := range hands {
			if h.pid == p.PID() {
				h.code, _ = p.ExitCode()
				h.exit = exit
			}
		}
	}
	return nil
}

// others counts those who are not the bad one, and who of them has finished.
func others(bad int, hands []*Hand) (finished, all int) {
	for _, h := range hands {
		if h.job.Number != bad {
			all++
			if h.finished {
				finished++
			}
		}
	}
	return finished, all
}
