package main

// The plan, the picture and the explanations of this lesson. You need not read this
// file to understand main.go. The picture shows the run above it.

import (
	"context"
	_ "embed"
	"fmt"
	"regexp"

	"processbook/lessons"
)

//go:embed main.go
var source string

var perCPU = 4 // -crowd

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
	lessons.Println(merged(run).Rows())
	lessons.Para("saw", "Processes whose rows overlap ran side by side: that is concurrent. It is parallel only if two CPUs work for them at"+
		" the same moment: see below. %s %s If a process ends, all its goroutines end, and other processes go on. The system decides the"+
		" order of the lines above, and of ends.", sawWork(run, "Worker", "processes"), sawWork(run, "Goroutine", "goroutines"))
	lessons.Println()
	return crowd(ctx)
}

// merged returns the run with fewer columns. If several processes start one after
// another, or end, they share a column, because the system decides their order.
func merged(run *lessons.Run) *lessons.Run {
	kind := make([]string, run.Moments+1)
	for _, l := range run.Lives {
		kind[l.Started], kind[l.LastLine], kind[l.Ended] = "start", "last line", l.End()
	}
	column := make([]int, run.Moments+1)
	for i := 1; i <= run.Moments; i++ {
		column[i] = column[i-1]
		if i < 3 || kind[i] != kind[i-1] || i == run.Moments {
			column[i]++ // main starts alone, and ends alone
		}
	}
	drawn := &lessons.Run{Moments: column[run.Moments]}
	for _, l := range run.Lives {
		for _, place := range []*int{&l.Started, &l.Asked, &l.LastLine, &l.Ended} {
			*place = column[*place]
		}
		drawn.Lives = append(drawn.Lives, l)
	}
	return drawn
}

// sawWork counts the lines that workers printed.
func sawWork(run *lessons.Run, name, as string) string {
	count := func(verb string) int {
		return len(regexp.MustCompile(`(?m)^`+name+` \d `+verb+`, `).FindAllString(run.Output, -1))
	}
	return fmt.Sprintf("Workers as %s: %d began, and %d ended their work.", as, count("begins"), count("ends"))
}

// crowd is for the tests to replace: no two machines agree.
var crowd = drawCrowd

// drawCrowd is about processes and goroutines that have to share the CPUs.
func drawCrowd(ctx context.Context) error {
	lessons.Para("also", "Now %d processes compute without a pause, which is %d for each CPU of this machine. None of them ends before all"+
		" have begun. Then one process does the same with as many goroutines. How many computed at the same moment? (At most. That is"+
		" measured several times, because other programs also need the CPUs.)", perCPU*cpus, perCPU)
	lessons.Println("\n  processes  goroutines in each  computed at the same moment")
	for _, n := range [][2]int{{1, 1}, {perCPU * cpus, 1}, {1, perCPU * cpus}} {
		most, err := together(ctx, n[0], n[1])
		if err != nil {
			return err
		}
		lessons.Printf("  %-9d  %-18d  %d\n", n[0], n[1], most)
	}
	lessons.Println()
	lessons.Para("saw", "CPUs: %d. All had begun before one ended, so all were concurrent: the system gives a CPU to one of them, and"+
		" then to another. Those that computed at the same moment, each on its own CPU, were parallel. One CPU computes for one of them"+
		" at a time.", cpus)
	return nil
}
