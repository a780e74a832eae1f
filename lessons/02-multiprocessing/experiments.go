package main

// The experiments of the quiz, and of the lesson's last paragraphs. You need not
// read this file to understand main.go. There the processes sleep, as the chapter's
// do; here every step waits for a message.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"processbook/lessons"
	"processbook/mp"
)

var experiments = lessons.Facts{
	"2a": processesAtOnce,
	"2b": goroutinesAtOnce,
	"2c": othersThatFinish,
	"2d": numbersInFile,
}

var cpus = runtime.NumCPU() // the tests have their own

// A Team has processes that run the same function, each with a pipe to main.
type Team[S, R any] struct {
	processes []*mp.Process
	lines     []*mp.Conn[S, R]
}

func start[S, R any](ctx context.Context, n int, f mp.Function[*mp.Conn[R, S], mp.None]) (t Team[S, R], err error) {
	for range n {
		ours, theirs := mp.Pipe[S, R]()
		p := mp.NewProcess(f, theirs)
		t.processes, t.lines = append(t.processes, p), append(t.lines, ours)
		err = errors.Join(err, p.Start(ctx))
	}
	return t, err
}

// round sends a message to each process, and receives n answers, the same number
// from each process.
func (t Team[S, R]) round(message S, n int) (answers []R, err error) {
	for _, line := range t.lines {
		err = errors.Join(err, line.Send(message))
	}
	for i := range n {
		answer, failed := lessons.Recv(t.lines[i%len(t.lines)])
		answers, err = append(answers, answer), errors.Join(err, failed)
	}
	return answers, err
}

// end closes the pipes, at which the processes end, and joins them.
func (t Team[S, R]) end(ctx context.Context) (err error) {
	for i, p := range t.processes {
		t.lines[i].Close()
		err = errors.Join(err, lessons.Join(ctx, p))
	}
	return err
}

// gap is a jump of the clock which shows that something else had the CPU. The
// clock of Windows ticks slowly.
var gap = map[bool]time.Duration{false: 100 * time.Microsecond, true: 2 * time.Millisecond}[runtime.GOOS == "windows"]

// compute looks at the clock all the time. It returns the numbers of those slots of
// time in which it had a CPU from the beginning to the end. A slot is five gaps.
func compute(d time.Duration) (slots []int64) {
	slot := func(t time.Time) int64 { return t.UnixNano() / int64(5*gap) }
	begin := time.Now()
	for since, last := begin, begin; last.Sub(begin) < d; {
		now := time.Now()
		if now.Sub(last) > gap {
			since = now
		}
		if slot(since) < slot(last) && slot(last) < slot(now) {
			slots = append(slots, slot(last))
		}
		last = now
	}
	return slots
}

// busy starts goroutines that send a message, and then compute without a pause. When
// all have begun, main sends for how many milliseconds they go on.
var busy = mp.Proc("busy", func(line *mp.Conn[[]int64, int]) error {
	goroutines, err := line.Recv()
	runtime.GOMAXPROCS(goroutines + 1) // so many threads get their share of busy CPUs
	var goOn atomic.Int64
	var running sync.WaitGroup
	for range goroutines {
		running.Go(func() {
			line.Send(nil)
			for goOn.Load() == 0 {
			}
			line.Send(compute(time.Duration(goOn.Load()) * time.Millisecond))
		})
	}
	ms, _ := line.Recv() // 0 if main has ended
	goOn.Store(max(1, int64(ms)))
	running.Wait()
	return err
})

// together starts processes whose goroutines compute, and end only after all have
// begun. It returns how many had a CPU at the same time, at most. If other programs
// need the CPUs, it tries again, for twice the time.
func together(ctx context.Context, processes, goroutines int) (most int, err error) {
	for ms := 300; ms < 10_000 && most < min(cpus, processes*goroutines) && err == nil; ms *= 2 {
		team, failed := start(ctx, processes, busy)
		_, begun := team.round(goroutines, processes*goroutines)
		all, ended := team.round(ms, processes*goroutines)
		err = errors.Join(failed, begun, ended, team.end(ctx))
		had := make(map[int64]int)
		for _, slot := range slices.Concat(all...) {
			had[slot]++
			most = max(most, had[slot])
		}
	}
	return most, err
}

// 2a measures how many of four processes for each CPU compute at the same moment.
// Many expect all, because all of them run; others one.
func processesAtOnce(ctx context.Context) (string, error) { return atOnce(ctx, 4*cpus, 1) }

// 2b measures the same for goroutines of one process. Many expect one, as in Python,
// where the threads of a process wait for each other.
func goroutinesAtOnce(ctx context.Context) (string, error) { return atOnce(ctx, 1, 4*cpus) }

func atOnce(ctx context.Context, processes, goroutines int) (string, error) {
	switch most, err := together(ctx, processes, goroutines); {
	case most == processes*goroutines:
		return "all", err
	case most == cpus:
		return "one per CPU", err
	default:
		return fmt.Sprint(most), cmp.Or(err, errors.New("other programs need the CPUs: try again later"))
	}
}

// divider has workers that wait for a divisor.
var divider = mp.Proc("divider", func(line *mp.Conn[int, int]) error {
	workers, err := line.Recv()
	var working sync.WaitGroup
	for range workers {
		working.Go(func() {
			line.Send(0) // it is at work
			if divisor, err := line.Recv(); err == nil {
				line.Send(12 / divisor)
			}
		})
	}
	working.Wait()
	return err
})

// 2c measures how many of the three others finish if one of four workers panics,
// in four processes and in one. Many expect 3 both times, as in Python, where an
// exception ends only the thread in which it happens.
func othersThatFinish(ctx context.Context) (string, error) {
	defer func(terminal *os.File) { os.Stderr = terminal }(os.Stderr)
	os.Stderr, _ = os.OpenFile(os.DevNull, os.O_WRONLY, 0) // for stack traces
	defer os.Stderr.Close()
	workers := lessons.Form(4, 5)
	processes, err := finish(ctx, workers, 1)
	goroutines, failed := finish(ctx, 1, workers)
	return fmt.Sprint(processes, goroutines), errors.Join(err, failed)
}

// finish has workers at work, and counts those that finish. One of them gets a
// zero, and then the others get numbers.
func finish(ctx context.Context, processes, goroutines int) (finished int, err error) {
	team, failed := start(ctx, processes, divider)
	_, err = team.round(goroutines, processes*goroutines)
	for n := range processes * goroutines {
		line := team.lines[n%processes]
		line.Send(n)
		if _, err := lessons.Recv(line); err == nil { // its process has not ended
			finished++
		}
	}
	team.end(ctx) // a panic is not an error here
	return finished, errors.Join(failed, err)
}

// adder adds 1 to the number in a file in two steps, each at a message of main: it
// reads, and it writes.
var adder = mp.Proc("adder", func(line *mp.Conn[mp.None, string]) error {
	for n, reads := 0, true; ; reads = !reads {
		file, err := line.Recv()
		if err != nil {
			return nil // there are no more messages
		}
		if reads {
			n, err = read(file)
		} else {
			err = write(file, n+1)
		}
		if err != nil {
			return err
		}
		line.Send(mp.None{})
	}
})

func read(file string) (int, error) {
	text, err := os.ReadFile(file)
	n, failed := strconv.Atoi(string(text))
	return n, errors.Join(err, failed)
}

func write(file string, n int) error { return os.WriteFile(file, []byte(strconv.Itoa(n)), 0o600) }

// 2d measures the smallest and the largest number in a file after two processes
// have added 1 to it, in all orders in which they can read and write. Many expect
// that nothing is lost if both succeed.
func numbersInFile(ctx context.Context) (string, error) {
	dir, err := lessons.TempDir("number")
	if err != nil {
		return "", err
	}
	defer lessons.RemoveTemp(dir)
	file := filepath.Join(dir, "number")
	team, err := start(ctx, 2, adder)
	var found []int
	for _, order := range []string{"AABB", "ABAB", "ABBA", "BAAB", "BABA", "BBAA"} {
		err = errors.Join(err, write(file, lessons.Form(5, 20)))
		for _, letter := range order {
			one := Team[string, mp.None]{lines: team.lines[letter-'A':][:1]}
			_, failed := one.round(file, 1)
			err = errors.Join(err, failed)
		}
		n, failed := read(file)
		found, err = append(found, n), errors.Join(err, failed)
	}
	return fmt.Sprint(slices.Min(found), " ", slices.Max(found)), errors.Join(err, team.end(ctx))
}
