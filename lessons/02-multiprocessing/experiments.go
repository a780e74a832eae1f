package main

// What the quiz asks, and how much CPU time processes use. Nobody has to read
// this file to understand main.go. There the processes sleep, as the chapter's
// do; here every step waits for a message.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"processbook/lessons"
	"processbook/mp"
)

var experiments = lessons.Facts{
	"2a": tickOfLastNumber,
	"2b": moreThanCPUs,
	"2c": processIDs,
	"2d": othersThatFinish,
	"2e": exitCodes,
}

// counter counts a number for each tick that main sends.
var counter = mp.Proc("counter", func(line *mp.Conn[int, mp.None]) error {
	for n := lessons.Form(5, 7); n > 0; n-- {
		if _, err := line.Recv(); err != nil {
			return err
		}
		line.Send(n)
	}
	return nil
})

// 2a measures in which tick the last of ten numbers is counted, five by each of
// two processes. (In form 2 it is fourteen, and seven.) A tick is over when both
// have done its work. Many think that one runs after the other, or that they take
// turns, and expect 10.
func tickOfLastNumber(ctx context.Context) (string, error) {
	var lines []*mp.Conn[mp.None, int]
	for range 2 {
		ours, theirs := mp.Pipe[mp.None, int]()
		defer ours.Close()
		if err := mp.NewProcess(counter, theirs).Start(ctx); err != nil {
			return "", err
		}
		lines = append(lines, ours)
	}
	all := lessons.Form(10, 14)
	for tick, counted := 1, 0; ; tick++ {
		for _, line := range lines {
			line.Send(mp.None{}) // to both, before either has to answer
		}
		for _, line := range lines {
			switch _, err := lessons.Recv(line); err {
			case nil:
				counted++
			case io.EOF: // it has counted all its numbers
			default:
				return "", err
			}
		}
		if counted == all {
			return fmt.Sprint(tick), nil
		}
		if tick > all {
			return "", fmt.Errorf("%d numbers were counted, not %d", counted, all)
		}
	}
}

var (
	perCPU = 4                // -crowd
	cpus   = runtime.NumCPU() // of this machine; the tests have their own
)

// A Slice is a time, in nanoseconds, in which a process had a CPU for itself.
type Slice struct{ From, To int64 }

// gap is a jump of the clock that shows that another process had the CPU.
var gap = 20 * time.Microsecond

func init() {
	if runtime.GOOS == "windows" {
		gap = 2 * time.Millisecond // its clock ticks so slowly
	}
}

// busy says that it has begun, and computes without a pause until main says that
// all have begun. Then it computes a bit longer, and sends when it had a CPU.
var busy = mp.Proc("busy", func(line *mp.Conn[[]Slice, mp.None]) error {
	err := line.Send(nil)
	var all atomic.Bool
	go func() { // ends with the message, or with the pipe
		line.Recv()
		all.Store(true)
	}()
	for !all.Load() {
	}
	return errors.Join(err, line.Send(compute(300*time.Millisecond)))
})

// compute looks at the clock all the time. Where the clock jumps, the process did
// not have the CPU. It leaves out what is too short to be sure.
func compute(d time.Duration) (all []Slice) {
	begin := time.Now().UnixNano()
	s := Slice{begin, begin}
	for s.To < begin+int64(d) {
		now := time.Now().UnixNano()
		if now-s.To > int64(gap) || now < s.To {
			all = append(all, s)
			s.From = now
		}
		s.To = now
	}
	all = append(all, s)
	return slices.DeleteFunc(all, func(s Slice) bool { return s.To-s.From < 5*int64(gap) })
}

// A Load is what some processes did at the same time.
type Load struct {
	Processes, Begun int
	CPU              float64 // CPU time per wall time, in their best 2 ms
	Peak             int     // so many had a CPU at the same moment
}

// measure starts processes that compute. None of them ends before all have begun.
func measure(ctx context.Context, processes int) (l Load, err error) {
	ctx, cancel := context.WithTimeout(ctx, lessons.Limit)
	defer cancel() // ends those that have begun, if not all do
	l.Processes = processes
	var lines []*mp.Conn[mp.None, []Slice]
	for i := range processes {
		ours, theirs := mp.Pipe[mp.None, []Slice]()
		defer ours.Close()
		if err := mp.NewProcess(busy, theirs).Start(ctx); err != nil {
			return l, fmt.Errorf("after %d of %d processes: %w", i, processes, err)
		}
		lines = append(lines, ours)
	}
	for _, line := range lines {
		if _, err := lessons.Recv(line); err == nil {
			l.Begun++
		}
	}
	if errors.Is(ctx.Err(), context.Canceled) || l.Begun < processes {
		return l, context.Cause(ctx) // after Ctrl-C they have ended, and it says nothing of CPUs
	}
	for _, line := range lines {
		line.Send(mp.None{})
	}
	var all []Slice
	for _, line := range lines {
		some, failed := lessons.Recv(line)
		all, err = append(all, some...), errors.Join(err, failed)
	}
	l.CPU, l.Peak = rate(all), peak(all)
	return l, err
}

// rate returns the most CPU time per wall time that was used in any 2 ms.
func rate(all []Slice) (most float64) {
	const window = int64(2 * time.Millisecond)
	for _, first := range all {
		for _, from := range []int64{first.From, first.To - window} {
			used := int64(0)
			for _, s := range all {
				used += max(0, min(s.To, from+window)-max(s.From, from))
			}
			most = max(most, float64(used)/float64(window))
		}
	}
	return most
}

// peak returns how many had a CPU at the same moment, at most.
func peak(all []Slice) (most int) {
	type change struct {
		at   int64
		more int
	}
	var changes []change
	for _, s := range all {
		changes = append(changes, change{s.From + int64(gap), 1}, change{s.To - int64(gap), -1})
	}
	slices.SortFunc(changes, func(a, b change) int { return cmp.Or(cmp.Compare(a.at, b.at), a.more-b.more) })
	now := 0
	for _, c := range changes {
		now += c.more
		most = max(most, now)
	}
	return most
}

// 2b measures how many of four times as many processes as there are CPUs begin
// while those that have begun compute on. Each on a CPU of its own, as one can
// read, would be one per CPU, and the others never.
func moreThanCPUs(ctx context.Context) (string, error) {
	l, err := measure(ctx, 4*cpus)
	switch l.Begun {
	case l.Processes:
		return "all", err
	case cpus:
		return "one per CPU", err
	case 0:
		return "none", err
	}
	return fmt.Sprintf("%d of %d", l.Begun, l.Processes), err
}

// best is the best of several measurements: other programs need the CPUs, too.
func best(ctx context.Context, processes int) (l Load, err error) {
	for n := 0; err == nil && n < 10; n++ {
		var next Load
		next, err = measure(ctx, processes)
		l = Load{processes, next.Begun, max(l.CPU, next.CPU), max(l.Peak, next.Peak)}
		if most := min(cpus, processes); l.Begun < processes || l.Peak >= most && l.CPU > 0.9*float64(most) {
			break
		}
	}
	return l, err
}

// A Hand is what main knows of a worker.
type Hand struct {
	process  *mp.Process
	line     *mp.Conn[mp.None, int]
	pid      int // as the worker sees it
	finished bool
	code     int // the exit code of its process
}

// A Job is what a worker must know.
type Job struct {
	Divisor int
	Line    *mp.Conn[int, mp.None] // to main: its process ID, and then the result
}

// hands is a process with a goroutine for each worker.
var hands = mp.Proc("hands", func(jobs []Job) error {
	var all sync.WaitGroup
	for _, j := range jobs {
		all.Go(func() {
			j.Line.Send(os.Getpid())
			j.Line.Recv() // main's message that all are at work
			j.Line.Send(12 / j.Divisor)
		})
	}
	all.Wait()
	return nil
})

// hire starts a process, and returns when all workers in it are at work.
func hire(ctx context.Context, divisors []int) (all []*Hand, err error) {
	var jobs []Job
	for _, divisor := range divisors {
		ours, theirs := mp.Pipe[mp.None, int]()
		all, jobs = append(all, &Hand{line: ours}), append(jobs, Job{divisor, theirs})
	}
	p := mp.NewProcess(hands, jobs)
	if err := p.Start(ctx); err != nil {
		return nil, err
	}
	for _, h := range all {
		h.process = p
		if h.pid, err = lessons.Recv(h.line); err != nil {
			return nil, fmt.Errorf("a worker is not at work: %w", err)
		}
	}
	return all, nil
}

// crash has four workers at work, in four processes or in one. It lets the third
// go on, which divides by zero, and then the others, when the effect of that is
// there.
func crash(ctx context.Context, processes int) (all []*Hand, err error) {
	defer func(terminal *os.File) { os.Stderr = terminal }(os.Stderr)
	if os.Stderr, err = os.OpenFile(os.DevNull, os.O_WRONLY, 0); err != nil { // for stack traces
		return nil, err
	}
	defer os.Stderr.Close()
	for divisors := range slices.Chunk([]int{1, 2, 0, 4}, 4/processes) {
		some, err := hire(ctx, divisors)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	for _, n := range []int{2, 0, 1, 3} {
		err = errors.Join(err, all[n].goOn())
	}
	for _, h := range all {
		failed, ended := lessons.Join(ctx, h.process), false
		if h.code, ended = h.process.ExitCode(); !ended {
			err = errors.Join(err, failed)
		}
	}
	return all, err
}

// goOn lets the worker go on, and waits for its result or for the end of its
// process, at which the system closes its end of the pipe.
func (h *Hand) goOn() error {
	defer h.line.Close()
	h.line.Send(mp.None{}) // perhaps nobody is there
	_, err := lessons.Recv(h.line)
	h.finished = err == nil
	if err == io.EOF {
		return nil
	}
	return err
}

// 2c measures how many process IDs four workers have, as processes and as
// goroutines. Some expect one for each goroutine, as each thread has on some
// systems a number of its own.
func processIDs(ctx context.Context) (string, error) {
	return twice(ctx, func(all []*Hand) int {
		return len(slices.CompactFunc(all, func(a, b *Hand) bool { return a.pid == b.pid }))
	})
}

// 2d measures how many of the three others finish if one of four workers
// panics. Many expect 3 both times, as in Python, where an exception ends the
// thread that it happens in and no other.
func othersThatFinish(ctx context.Context) (string, error) {
	return twice(ctx, func(all []*Hand) int {
		return len(slices.DeleteFunc(all, func(h *Hand) bool { return !h.finished }))
	})
}

// twice counts something of four processes, and of four goroutines in one.
func twice(ctx context.Context, count func([]*Hand) int) (string, error) {
	processes, err := crash(ctx, 4)
	if err != nil {
		return "", err
	}
	goroutines, err := crash(ctx, 1)
	return fmt.Sprint(count(processes), count(goroutines)), err
}

// 2e measures the exit codes of the four processes, and that of the process
// with the four goroutines. Some expect that a child's crash makes the whole
// family fail, or that nobody hears of it.
func exitCodes(ctx context.Context) (string, error) {
	codes := ""
	for _, processes := range []int{4, 1} {
		all, err := crash(ctx, processes)
		if err != nil {
			return "", err
		}
		for _, h := range all[:processes] { // the workers of one process share its code
			codes += fmt.Sprint(" ", h.code)
		}
	}
	return strings.TrimSpace(codes), nil
}
