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
	for n := 5; n > 0; n-- {
		if _, err := line.Recv(); err != nil {
			return err
		}
		line.Send(n)
	}
	return nil
})

// 2a measures in which tick the last of ten numbers is counted, five by each of
// two processes. A tick is over when both have done its work. Many think that
// one runs after the other, or that they take turns, and expect 10.
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
		if counted == 10 {
			return fmt.Sprint(tick), nil
		}
		if tick > 10 {
			return "", fmt.Errorf("%d numbers were counted, not 10", counted)
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

// mostAtOnce measures how many of them compute at the same moment. Many think
// that all do, since all are running; and some that only one does, as the
// threads of a Python process. No item of the quiz asks for it yet.
func mostAtOnce(ctx context.Context) (string, error) {
	l, err := best(ctx, 4*cpus)
	switch {
	case l.Peak > cpus:
		return "more", err
	case l.Peak > 1 || cpus == 1:
		return "one per CPU", err // at most: another program may have had one of them
	}
	return "one", err
}

// A Hand is what main knows of a worker.
type Hand struct {
	line     *mp.Conn[mp.None, int]
	number   int
	pid      int
	finished bool
	code     int // the exit code of its process
}

// A Job is what a worker must know.
type Job struct {
	Divisor int
	Line    *mp.Conn[int, mp.None] // to main: its process ID, and then the result
}

func do(j Job) error {
	j.Line.Send(os.Getpid())
	j.Line.Recv() // main's message that all are at work
	return j.Line.Send(12 / j.Divisor)
}

// alone is a worker in a process of its own, common are all in one process.
var alone = mp.Proc("alone", do)
var common = mp.Proc("common", func(jobs []Job) error {
	var all sync.WaitGroup
	for _, j := range jobs {
		all.Go(func() { do(j) })
	}
	all.Wait()
	return nil
})

// crash has four workers at work, lets the bad one go on, and then the others,
// when the effect of the first is there. It does so with four processes, and
// then with four goroutines in one process.
func crash(ctx context.Context, bad int) (processes, goroutines []*Hand, err error) {
	defer func(terminal *os.File) { os.Stderr = terminal }(os.Stderr)
	if os.Stderr, err = os.OpenFile(os.DevNull, os.O_WRONLY, 0); err != nil {
		return nil, nil, err
	}
	defer os.Stderr.Close()
	processes, err = play(ctx, bad, func(jobs []Job) (all []*mp.Process) {
		for _, j := range jobs {
			all = append(all, mp.NewProcess(alone, j))
		}
		return all
	})
	if err != nil {
		return nil, nil, err
	}
	goroutines, err = play(ctx, bad, func(jobs []Job) []*mp.Process { return []*mp.Process{mp.NewProcess(common, jobs)} })
	return processes, goroutines, err
}

func play(ctx context.Context, bad int, hire func([]Job) []*mp.Process) ([]*Hand, error) {
	ctx, cancel := context.WithTimeout(ctx, lessons.Limit)
	defer cancel()
	var hands []*Hand
	var jobs []Job
	for n := 1; n <= 4; n++ {
		ours, theirs := mp.Pipe[mp.None, int]()
		defer ours.Close()
		hands, jobs = append(hands, &Hand{line: ours, number: n}), append(jobs, Job{n, theirs})
	}
	if bad > 0 {
		jobs[bad-1].Divisor = 0
	}
	processes := hire(jobs)
	for _, p := range processes {
		if err := p.Start(ctx); err != nil {
			return nil, err
		}
	}
	var err error
	for _, h := range hands {
		if h.pid, err = lessons.Recv(h.line); err != nil {
			return nil, fmt.Errorf("worker %d is not at work: %w", h.number, err)
		}
	}
	if bad > 0 {
		err = hands[bad-1].goOn()
	}
	for _, h := range hands {
		if h.number != bad {
			err = errors.Join(err, h.goOn())
		}
	}
	return hands, errors.Join(err, codes(ctx, hands, processes))
}

// goOn lets the worker go on, and waits for its result or for the end of its
// process, at which the system closes its end of the pipe.
func (h *Hand) goOn() error {
	h.line.Send(mp.None{}) // perhaps nobody is there
	_, err := lessons.Recv(h.line)
	h.finished = err == nil
	if err == io.EOF {
		return nil
	}
	return err
}

// codes asks for the exit codes. The workers of one process share its code.
func codes(ctx context.Context, hands []*Hand, processes []*mp.Process) error {
	for _, p := range processes {
		var exit *mp.ExitError
		if err := lessons.Join(ctx, p); err != nil && !errors.As(err, &exit) {
			return err
		}
		for _, h := range hands {
			if h.pid == p.PID() {
				h.code, _ = p.ExitCode()
			}
		}
	}
	return nil
}

// 2c measures how many process IDs four workers have, as processes and as
// goroutines. Some expect one for each goroutine, as each thread has on some
// systems a number of its own.
func processIDs(ctx context.Context) (string, error) {
	processes, goroutines, err := crash(ctx, 0)
	return fmt.Sprint(ids(processes), ids(goroutines)), err
}

func ids(hands []*Hand) int {
	known := make(map[int]bool)
	for _, h := range hands {
		known[h.pid] = true
	}
	return len(known)
}

// 2d measures how many of the three others finish if one of four workers
// panics. Many expect 3 both times, as in Python, where an exception ends the
// thread that it happens in and no other.
func othersThatFinish(ctx context.Context) (string, error) {
	processes, goroutines, err := crash(ctx, 3)
	return fmt.Sprint(finished(processes), finished(goroutines)), err
}

func finished(hands []*Hand) (n int) {
	for _, h := range hands {
		if h.finished {
			n++
		}
	}
	return n
}

// 2e measures the exit codes of the four processes, and that of the process
// with the four goroutines. Some expect that a child's crash makes the whole
// family fail, or that nobody hears of it.
func exitCodes(ctx context.Context) (string, error) {
	processes, goroutines, err := crash(ctx, 3)
	if err != nil {
		return "", err
	}
	var codes []string
	for _, h := range append(processes, goroutines[0]) {
		codes = append(codes, fmt.Sprint(h.code))
	}
	return strings.Join(codes, " "), nil
}
