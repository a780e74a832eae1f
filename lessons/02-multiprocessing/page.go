package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"processbook/lessons"
	"processbook/mp"
)

// tell tells the lesson in three parts, up to the first that fails.
func tell(ctx context.Context) error {
	for _, part := range []func(context.Context) error{tellPair, tellCrowd, tellCrash} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// tellPair is the chapter's example.
func tellPair(ctx context.Context) error {
	if !lesson.Plan("main starts A and B. Each counts down 5 4 3 2 1, a number a tick.") {
		return nil
	}
	var out io.Writer // the picture says it all, unless somebody wants to watch
	if clock.Free || clock.Unit > 0 {
		out = os.Stdout
	}
	events, err := play(ctx, clock.Stage(out))
	if err != nil {
		return err
	}
	if out != nil {
		lessons.Println()
	}
	lessons.Print(events.Timeline())
	lessons.Println()
	n, last := numbers(events)
	text := fmt.Sprintf("not in tick %d: A and B ran at the same time", n)
	if last >= n {
		text = "as late as if one had run after the other"
	}
	lessons.Para("saw", "%d numbers, the last one in tick %d, %s.", n, last, text)
	lessons.Println()
	return nil
}

// tellCrowd is about processes that have to share the CPUs.
func tellCrowd(ctx context.Context) error {
	processes := *perCPU * cpus
	if !lesson.Plan("%s, %d for each CPU of this machine. Each computes without a pause until all of them have begun.",
		count(processes, "process", "processes"), *perCPU) {
		return nil
	}
	begun, err := begin(ctx, processes)
	if err != nil {
		return err
	}
	lessons.Para("saw", "%s", sawCrowd(begun, processes))
	lessons.Println()
	return nil
}

func sawCrowd(begun, processes int) string {
	switch {
	case begun < processes:
		return fmt.Sprintf("Only %d of them began.", begun)
	case processes == cpus:
		return "All have begun, which is no wonder: there is a CPU for each."
	}
	return fmt.Sprintf("All %d have begun, on %s, and none had ended before: the system gives a CPU to one for a moment"+
		" and then to another. A process does not need one of its own.", begun, count(cpus, "CPU", "CPUs"))
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// tellCrash is about what goes down with a worker that fails.
func tellCrash(ctx context.Context) error {
	if !lesson.Plan("%s", planCrash(*bad)) {
		return nil
	}
	processes, routines, err := bothWays(ctx, *bad)
	if err != nil {
		return err
	}
	lessons.Println("work   in four processes                 in four goroutines of one process")
	left, right := fates(*bad, processes), fates(*bad, routines)
	for i, h := range processes {
		lessons.Printf("12/%d   %-32s  %s\n", h.job.Divisor, left[i], right[i])
	}
	lessons.Println()
	lessons.Para("saw", "%s", sawCrash(*bad, processes, routines))
	lessons.Para("try", "-bad 1, -bad 0, -crowd 8, -unit 300ms, -free")
	return nil
}

func planCrash(bad int) string {
	text := fmt.Sprintf("%d workers, each with a division to do.", workers)
	if bad == 0 {
		return text
	}
	return text + fmt.Sprintf(" When all are at work, worker %d divides by zero, and when that has had its effect the others go on.", bad)
}

// fates says where each worker was and what became of it. Lost is who has not
// come to an end and was not the one who failed.
func fates(bad int, hands []*Hand) (all []string) {
	for _, h := range hands {
		what := "lost"
		if h.finished {
			what = fmt.Sprint(h.result)
		} else if h.job.Number == bad {
			what = fmt.Sprintf("panic, exit code %d", h.code)
		}
		all = append(all, fmt.Sprintf("PID %-7s  %s", lessons.PID(h.pid), what))
	}
	return all
}

func sawCrash(bad int, processes, routines []*Hand) string {
	alone, all := others(bad, processes)
	together, _ := others(bad, routines)
	if bad == 0 {
		return fmt.Sprintf("As processes %d of %d finished, as goroutines %d: no difference, until one of them fails.", alone, all, together)
	}
	words := slices.Compact([]string{lastWords(processes[bad-1].exit), lastWords(routines[bad-1].exit)})
	return fmt.Sprintf("Of the %d others %d finished as processes and %d as goroutines: a panic ends the process that it"+
		" happens in, with all that lives there. Join tells its parent why: \"%s\". (The stack traces, on stderr,"+
		" are kept from you: see startQuietly in crash.go.)", all, alone, together, strings.Join(words, "\", \""))
}

// lastWords is what a process said when it ended: to its parent, if its
// function panicked, and otherwise to nobody in particular.
func lastWords(exit *mp.ExitError) string {
	var told *mp.RemoteError
	switch {
	case exit == nil:
		return "nothing"
	case errors.As(exit.Err, &told):
		return told.Message
	}
	first, _, _ := strings.Cut(exit.Crash, "\n")
	return strings.TrimPrefix(first, "panic: ")
}
