package main

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"

	"processbook/lessons"
	"processbook/mp"
)

// 1a to 1c play the story of main.go once more and ask what its witnesses saw;
// 1d and 1e are its second part, in traces.go.
var experiments = lessons.Facts{
	"1a": filesAndProcesses,
	"1b": counterInChild,
	"1c": counterInMain,
	"1d": tracesOfProcess,
	"1e": tracesOfGoroutine,
	"1f": threadsOfProcess,
}

// 1a measures how many files are being run by main and two children, and how
// many processes the children are. A process is easily taken for its program.
func filesAndProcesses(ctx context.Context) (string, error) {
	cast, err := story(ctx, 5, 2)
	if err != nil {
		return "", err
	}
	files, err := cast.programs()
	return fmt.Sprint(files, len(cast.families())-1), err
}

// 1b measures with which counter a child begins when main has set its own to 5
// before. Many expect that a child gets a copy of what main has by then, as it
// does where Python forks; a new program gets what its source says.
func counterInChild(ctx context.Context) (string, error) {
	cast, err := story(ctx, 5, 1)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(cast[2].Before.Counter), nil
}

// 1c measures main's counter after a goroutine and a child have added 10 to
// what was 5. It would be 25 if the child shared main's memory, and 5 if the
// goroutine did not.
func counterInMain(ctx context.Context) (string, error) {
	cast, err := story(ctx, 5, 1)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(cast[0].After.Counter), nil
}

// 1d measures what main sees of the traces that a process leaves. Some expect
// nothing, for processes share no memory; but there is more than memory.
func tracesOfProcess(ctx context.Context) (string, error) {
	process, err := seen(ctx, byProcess)
	return letters(process), err
}

// 1e measures the same for a goroutine. Many expect a directory and an
// environment of its own; but it is the process that has them.
func tracesOfGoroutine(ctx context.Context) (string, error) {
	routine, err := seen(ctx, byGoroutine)
	return letters(routine), err
}

func letters(seen []bool) string {
	var all []string
	for i, yes := range seen {
		if yes {
			all = append(all, string(rune('A'+i)))
		}
	}
	return strings.Join(all, " ")
}

// 1f measures how many threads the system has given to a process in which 1000
// goroutines are alive. Some expect one, since it is one process; some 1000,
// taking a goroutine for a thread.
func threadsOfProcess(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, lessons.Limit)
	defer cancel()
	ours, theirs := mp.Pipe[mp.None, Census]()
	if err := mp.NewProcess(crowd, theirs).Start(ctx); err != nil {
		return "", err
	}
	c, err := lessons.Recv(ours)
	switch {
	case err != nil:
		return "", fmt.Errorf("the crowd has not counted itself: %w", err)
	case c.Goroutines < 1000:
		return "", fmt.Errorf("only %d goroutines are alive", c.Goroutines)
	case c.Threads == 1:
		return "one", nil
	case c.Threads < 1000:
		return "some", nil
	}
	return "1000", nil
}

// A Census is how many there are in one process at one moment.
type Census struct{ Goroutines, Threads int }

// crowd starts 1000 goroutines that all live until it has counted.
var crowd = mp.Proc("crowd", func(line *mp.Conn[Census, mp.None]) error {
	var running sync.WaitGroup
	counted := make(chan struct{})
	defer close(counted)
	for range 1000 {
		running.Add(1)
		go func() { // ends with counted
			running.Done()
			<-counted
		}()
	}
	running.Wait()
	threads, _ := runtime.ThreadCreateProfile(nil)
	return line.Send(Census{runtime.NumGoroutine(), threads})
})
