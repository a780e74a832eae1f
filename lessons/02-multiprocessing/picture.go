package main

// What the lesson plans, draws and says: its program is in main.go, and nobody
// has to read this file to understand it. The pictures are drawn from the very
// run whose output was shown, so they stay true if you change main.go.

import (
	"context"
	_ "embed"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"processbook/lessons"
)

//go:embed main.go
var source string

var lesson = lessons.Lesson{
	Number:   2,
	Title:    "Multiprocessing or multithreading?",
	Mirrors:  "example 1",
	Plan:     plan,
	Picture:  picture,
	Try:      "-bad 1, -bad 0, -crowd 8, -unit 500ms, -free, -plain",
	Facts:    experiments,
	AnyOrder: true,
	Tick:     &tick,
	Flags: []lessons.Flag{
		lessons.Int(&bad, "bad", 0, 4, "let worker `N` divide by zero; 0: no worker"),
		lessons.Int(&perCPU, "crowd", 1, 8, "at the end, start `N` processes for each CPU"),
	},
	Source: source,
	Sum:    "fc41e55d",
}

func plan() string {
	what := "Each divides 12 by its number."
	if bad > 0 {
		what = fmt.Sprintf("Each divides 12 by its number, but number %d divides by zero, and is the first to do so.", bad)
	}
	return "Main starts A and B. Each counts down from 5, one number a tick. After their end, main starts four workers as four" +
		" processes, and at the same time four workers as four goroutines of one process, Crew. " + what
}

func picture(ctx context.Context, run *lessons.Run) error {
	lessons.Println(together(run).Rows())
	lessons.Para("saw", "%s The order of the lines above is the system's affair, so it may differ from run to run.", sawPair(run))
	lessons.Println()
	processes, goroutines := workers(run, "Worker"), workers(run, "Goroutine")
	lessons.Println(table(run, processes, goroutines))
	lessons.Para("saw", "%s", sawWorkers(run, processes, goroutines))
	lessons.Println()
	return crowd(ctx)
}

// together is the run, but processes that start without an end between them
// start in one column, and so do their ends: their order is the system's affair.
func together(run *lessons.Run) *lessons.Run {
	kind := make([]string, run.Moments+1)
	for _, l := range run.Lives {
		kind[l.Started], kind[l.LastLine] = "start", "last line"
		if l.Ended > 0 {
			kind[l.Ended] = "end"
		}
	}
	column := make([]int, run.Moments+1)
	for i := 1; i <= run.Moments; i++ {
		column[i] = column[i-1]
		if i < 3 || kind[i] != kind[i-1] || kind[i] == "last line" || i == run.Moments {
			column[i]++ // main starts alone, and ends alone
		}
	}
	drawn := *run
	drawn.Moments, drawn.Lives = column[run.Moments], nil
	for _, l := range run.Lives {
		l.Started, l.LastLine, l.Ended = column[l.Started], column[l.LastLine], column[l.Ended]
		drawn.Lives = append(drawn.Lives, l)
	}
	return &drawn
}

// sawPair is about the first two children.
func sawPair(run *lessons.Run) string {
	children := run.Children(run.Main())
	if len(children) < 2 {
		return "Main did not start two processes."
	}
	a, b := children[0], children[1]
	if a.Ended > 0 && a.Ended < b.Started {
		return fmt.Sprintf("%s ended before %s started: one after the other.", a.Name, b.Name)
	}
	return fmt.Sprintf("%s and %s ran side by side: %[2]s started before %[1]s ended. That is concurrent. It is parallel"+
		" only if two CPUs work for them at the same moment: see below.", a.Name, b.Name)
}

// A job is what a worker printed.
type job struct {
	pid int
	end string // "12 / 1 = 12", or "" if it did not print that it ends
}

var (
	begins = regexp.MustCompile(`(?m)^(\w+) (\d) begins, PID (\d+)$`)
	ends   = regexp.MustCompile(`(?m)^(\w+) (\d) ends, (.{1,20})$`)
)

// workers finds the jobs that were begun under that name, by number.
func workers(run *lessons.Run, name string) map[string]job {
	found := make(map[string]job)
	for _, m := range begins.FindAllStringSubmatch(run.Output, -1) {
		if pid, _ := strconv.Atoi(m[3]); m[1] == name {
			found[m[2]] = job{pid: pid}
		}
	}
	for _, m := range ends.FindAllStringSubmatch(run.Output, -1) {
		if j, begun := found[m[2]]; begun && m[1] == name {
			j.end = m[3]
			found[m[2]] = j
		}
	}
	return found
}

func table(run *lessons.Run, processes, goroutines map[string]job) string {
	text := "work  in four processes                  in four goroutines of one process\n"
	for _, n := range strings.Fields("1 2 3 4") {
		text += strings.TrimRight(fmt.Sprintf("%-4s  %-33s  %s", n, fate(run, processes, n), fate(run, goroutines, n)), " ") + "\n"
	}
	return text
}

// fate says what became of a worker. If it did not end its work, the end of its
// process says more.
func fate(run *lessons.Run, all map[string]job, n string) string {
	j, begun := all[n]
	if !begun {
		return "not begun"
	}
	end := j.end
	if end == "" {
		end = "no end, exit code ?"
		for _, l := range run.Lives {
			if l.PID == j.pid && l.Ended > 0 {
				end = fmt.Sprintf("no end, exit code %d", l.Code)
			}
		}
	}
	return fmt.Sprintf("PID %-7s  %s", lessons.PID(j.pid), end)
}

func sawWorkers(run *lessons.Run, processes, goroutines map[string]job) string {
	alone, together := count(processes), count(goroutines)
	text := fmt.Sprintf("Processes: %d, different PIDs: %d, ended their work: %d. Goroutines: %d, different PIDs: %d, ended"+
		" their work: %d.", len(processes), alone.pids, alone.ended, len(goroutines), together.pids, together.ended)
	if together.ended < len(goroutines) {
		text += " The end of a process ends all its goroutines. A panic ends the process, with exit code 2."
	}
	if alone.ended > 0 && alone.ended < len(processes) {
		text += " The other processes went on."
	}
	return text
}

func count(all map[string]job) (n struct{ pids, ended int }) {
	pids := make(map[int]bool)
	for _, j := range all {
		pids[j.pid] = true
		if j.end != "" {
			n.ended++
		}
	}
	n.pids = len(pids)
	return n
}

// crowd is for the tests to replace: no two machines agree.
var crowd = drawCrowd

// drawCrowd is about processes that have to share the CPUs. It is measured in
// experiments.go.
func drawCrowd(ctx context.Context) error {
	n := perCPU * cpus
	lessons.Para("also", "Now processes compute without a pause: first one alone, then %d, which is %d for each CPU of this"+
		" machine. How much CPU time do they use in 1 second of wall time? That is measured several times in their best 2 ms,"+
		" for other programs need the CPUs, too.", n, perCPU)
	lessons.Println()
	one, err := best(ctx, 1)
	if err != nil {
		return err
	}
	all, err := best(ctx, n)
	if err != nil {
		return err
	}
	lessons.Println("  processes  have begun  CPU time in 1 s  computed at the same moment")
	for _, l := range []Load{one, all} {
		lessons.Printf("  %-9d  %-10d  %-15s  %d at most\n", l.Processes, l.Begun, fmt.Sprintf("%.1f s", l.CPU), l.Peak)
	}
	lessons.Println()
	lessons.Para("saw", "%s", sawCrowd(all))
	return nil
}

func sawCrowd(all Load) string {
	text := fmt.Sprintf("Processes: %d. CPUs: %d. %d processes began before any had ended, so they were concurrent: the system gives"+
		" a CPU to one process, and then to another. ", all.Processes, cpus, all.Begun)
	switch {
	case all.Peak > 1:
		return text + fmt.Sprintf("At one moment %d of them computed, each on its own CPU, so those were parallel.", all.Peak)
	case cpus == 1:
		return text + "But they were never parallel: one CPU computes for one process at a time."
	}
	return text + "But no two computed at the same moment: this machine was too busy, or its other CPUs were not free."
}
