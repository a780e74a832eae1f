package main

// The experiments of the quiz, and of the lesson's last table. You need not read this
// file to understand main.go. There processes sleep; here they wait for messages.

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
	"time"

	"processbook/lessons"
	"processbook/mp"
)

// Many expect of 2a all, because all of them run, or one; of 2b one, as in Python,
// where the threads of a process wait for each other.
var experiments = lessons.Facts{
	"2a": func(ctx context.Context) (string, error) { return atOnce(ctx, perCPU*cpus, 1) },
	"2b": func(ctx context.Context) (string, error) { return atOnce(ctx, 1, perCPU*cpus) },
	"2c": othersThatFinish,
	"2d": numbersInFile,
}

const perCPU = 4

var cpus = runtime.NumCPU()

// work has workers, which are goroutines. Each says that it has begun, receives a
// divisor, and computes for 12 seconds divided by that.
var work = mp.Proc("work", func(line *mp.Conn[[]int64, int]) error {
	workers, err := line.Recv()
	runtime.GOMAXPROCS(workers + 1) // so many threads get their share of busy CPUs
	var working sync.WaitGroup
	for range workers {
		working.Go(func() {
			line.Send(nil)
			if divisor, err := line.Recv(); err == nil {
				line.Send(compute(12 * time.Second / time.Duration(divisor)))
			}
		})
	}
	working.Wait()
	return err
})

// begin starts processes with workers. It returns a pipe to each worker when all of
// them have begun. Workers of one process have one pipe.
func begin(ctx context.Context, processes, workers int) (lines []*mp.Conn[int, []int64], err error) {
	for range processes {
		ours, theirs := mp.Pipe[int, []int64]()
		lines = append(lines, ours)
		err = errors.Join(err, mp.NewProcess(work, theirs).Start(ctx), ours.Send(workers))
	}
	lines = slices.Repeat(lines, workers)
	for _, line := range lines {
		_, failed := lessons.Recv(line)
		err = errors.Join(err, failed)
	}
	return lines, err
}

// gap is a jump of the clock which shows that something else had the CPU. The
// clock of Windows ticks slowly.
var gap = map[bool]time.Duration{false: 100 * time.Microsecond, true: 2 * time.Millisecond}[runtime.GOOS == "windows"]

// compute looks at the clock all the time. It returns the numbers of those slots of
// time in which it had a CPU from the beginning to the end. A slot is five gaps. It
// looks only at the wall clock, because Now reads the other clock a moment later.
func compute(d time.Duration) (slots []int64) {
	slot := int64(5 * gap)
	var since, last int64
	for begin := time.Now(); time.Since(begin) < d; {
		now := time.Now().UnixNano()
		if now-last > int64(gap) || now < last {
			since = now
		}
		if since/slot < last/slot && last/slot < now/slot {
			slots = append(slots, last/slot)
		}
		last = now
	}
	return slots
}

// together lets workers compute after all have begun. It returns how many had a CPU at
// the same time, at most. If other programs need the CPUs, it tries again, for twice
// the time.
func together(ctx context.Context, processes, workers int) (most int, err error) {
	for divisor := 40; divisor > 0 && most < min(cpus, processes*workers) && err == nil; divisor /= 2 {
		lines, failed := begin(ctx, processes, workers)
		for _, line := range lines {
			failed = errors.Join(failed, line.Send(divisor))
		}
		had := make(map[int64]int)
		for _, line := range lines {
			slots, lost := lessons.Recv(line)
			for _, slot := range slots {
				had[slot]++
				most = max(most, had[slot])
			}
			failed = errors.Join(failed, lost)
		}
		err = failed
	}
	return most, err
}

func atOnce(ctx context.Context, processes, workers int) (string, error) {
	switch most, err := together(ctx, processes, workers); most {
	case processes * workers:
		return "all", err
	case cpus:
		return "one per CPU", err
	default:
		return fmt.Sprint(most), cmp.Or(err, errors.New("other programs need the CPUs: try again later"))
	}
}

// 2c measures how many of the three others finish if one of four workers panics,
// in four processes and in one. Many expect 3 both times, as in Python, where an
// exception ends only the thread in which it happens.
func othersThatFinish(ctx context.Context) (string, error) {
	defer func(terminal *os.File) { os.Stderr = terminal }(os.Stderr)
	os.Stderr, _ = os.OpenFile(os.DevNull, os.O_WRONLY, 0) // for stack traces
	workers := lessons.Form(4, 5)
	processes, err := finish(ctx, workers, 1)
	goroutines, failed := finish(ctx, 1, workers)
	return fmt.Sprint(processes, goroutines), errors.Join(err, failed)
}

// finish counts the workers that finish. The first of them gets a zero, and then the
// others get numbers.
func finish(ctx context.Context, processes, workers int) (finished int, err error) {
	lines, err := begin(ctx, processes, workers)
	for n, line := range lines {
		line.Send(1000 * n)
		if _, ended := lessons.Recv(line); ended == nil { // its process has not ended
			finished++
		}
	}
	return finished, err
}

// add adds 1 to the number in a file, in two steps, each at a message of main.
var add = mp.Proc("add", func(line *mp.Conn[mp.None, string]) error {
	file, err := line.Recv()
	text, failed := os.ReadFile(file)
	line.Send(mp.None{})
	line.Recv()
	n, wrong := strconv.Atoi(string(text))
	err = errors.Join(err, failed, wrong, os.WriteFile(file, []byte(strconv.Itoa(n+1)), 0o600))
	line.Send(mp.None{})
	return err
})

// 2d measures the smallest and the largest number in a file after two processes
// have added 1 to it, in all orders in which they can read and write. Many expect
// that nothing is lost if both succeed.
func numbersInFile(ctx context.Context) (string, error) {
	dir, err := lessons.TempDir("number")
	if err != nil {
		return "", err
	}
	defer lessons.RemoveTemp(dir)
	file, found := filepath.Join(dir, "number"), []string{}
	for _, order := range []string{"AABB", "ABAB", "ABBA", "BAAB", "BABA", "BBAA"} {
		err = errors.Join(err, os.WriteFile(file, []byte(lessons.Form("5", "20")), 0o600))
		lines := make(map[rune]*mp.Conn[string, mp.None])
		for _, letter := range "AB" {
			ours, theirs := mp.Pipe[string, mp.None]()
			lines[letter] = ours
			err = errors.Join(err, mp.NewProcess(add, theirs).Start(ctx))
		}
		for _, letter := range order {
			lines[letter].Send(file)
			_, failed := lessons.Recv(lines[letter])
			err = errors.Join(err, failed)
		}
		text, failed := os.ReadFile(file)
		found, err = append(found, string(text)), errors.Join(err, failed)
	}
	return slices.Min(found) + " " + slices.Max(found), err
}
