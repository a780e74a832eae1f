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

var lesson = lessons.Lesson{
	Number:   2,
	Title:    "Multiprocessing or multithreading?",
	Mirrors:  "example 1",
	Plan:     plan,
	Picture:  picture,
	Try:      "-bad 1, -bad 0, -unit 500ms, -free, -plain",
	Facts:    experiments,
	AnyOrder: true,
	Tick:     &tick,
	Flags: []lessons.Flag{
		lessons.Int(&bad, "bad", 0, 4, "let worker `N` divide by zero; 0: no worker"),
	},
	Source: source,
	Sum:    "76ddda72",
}

func plan() string {
	what := "Each worker divides 12 by its number."
	if bad > 0 {
		what += fmt.Sprintf(" But in both groups, worker %d divides by zero, before the others divide.", bad)
	}
	return fmt.Sprintf("Main starts two processes, A and B. Each counts down from 5, one number a tick (%v). When both have ended, main"+
		" starts two groups of four workers: four processes, and four goroutines in one process, Crew. %s", tick, what)
}

var line = regexp.MustCompile(`\b(Worker|Goroutine)\b.*\b(begins|ends)\b`)

func picture(ctx context.Context, run *lessons.Run) error {
	lessons.Println(run.Rows())
	n := make(map[string]int)
	for _, m := range line.FindAllStringSubmatch(run.Output, -1) {
		n[m[1]+" "+m[2]]++
	}
	lessons.Para("saw", "If two rows overlap, these processes ran side by side: they were concurrent. They were parallel only if two CPUs"+
		" worked for them at the same moment: see below. Lines about a Worker: %d with \"begins\", and %d with \"ends\". Lines about a"+
		" Goroutine: %d with \"begins\", and %d with \"ends\". If a process ends, its goroutines and its children end. Other processes"+
		" go on. If two processes run side by side and need equally long, the system decides which prints and ends first.",
		n["Worker begins"], n["Worker ends"], n["Goroutine begins"], n["Goroutine ends"])
	lessons.Println()
	return crowd(ctx)
}

// crowd is about processes and goroutines that have to share the CPUs. Tests replace
// it, because no two machines agree.
var crowd = func(ctx context.Context) error {
	lessons.Para("also", "Now %d processes, %d for each CPU of this machine, compute without a pause. All begin before the first one ends."+
		" Then one process does the same with %[1]d goroutines. At most, how many computed at the same moment? (If other programs"+
		" need the CPUs, the lesson measures again.)", perCPU*cpus, perCPU)
	lessons.Println("\n  processes  goroutines in each  computed at the same moment")
	for _, n := range [][2]int{{1, 1}, {perCPU * cpus, 1}, {1, perCPU * cpus}} {
		most, err := together(ctx, n[0], n[1])
		if err != nil {
			return err
		}
		lessons.Printf("  %-9d  %-18d  %d\n", n[0], n[1], most)
	}
	lessons.Println()
	lessons.Para("saw", "CPUs: %d. All began before the first one ended, so all were concurrent. A CPU runs only one process or"+
		" goroutine at a time, so they take turns. If two computed at the same moment, on two CPUs, they were parallel.", cpus)
	return nil
}
