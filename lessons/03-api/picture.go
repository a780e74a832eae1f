package main

// The plan, the picture and the explanations of this lesson. You need not read this
// file to understand main.go. The picture shows the run above it.

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"processbook/lessons"
)

//go:embed main.go
var source string

var lesson = lessons.Lesson{
	Number:  3,
	Title:   "What does the module offer?",
	Mirrors: "Process, Pool",
	Plan:    plan,
	Picture: picture,
	Try:     "-code 0, -workers 1, -workers 9, -plain",
	Facts:   experiments,
	Tick:    &tick,
	Flags: []lessons.Flag{
		lessons.Int(&code, "code", 0, 255, "let the Process exit with `N`"),
		lessons.Int(&workers, "workers", 1, 9, "give the pool `N` workers"),
	},
	Source: source,
	Sum:    "ad6b2d6b",
}

func plan() string {
	return fmt.Sprintf("Main starts a Process and a goroutine. Each works 3 ticks (of %v), and stores 25: the Process in variable a, the goroutine in b."+
		" Main joins both. Then main gives a Pool (workers: %d) one task with Apply, and 9 tasks with Map. Main also does this"+
		" work without the pool: in a plain call, and in 9 goroutines.", tick, workers)
}

func picture(_ context.Context, run *lessons.Run) error {
	lessons.Println(run.Rows())
	var pooled, ends []string
	for _, l := range run.Lives[1:] {
		if l.Pooled() {
			pooled = append(pooled, l.Name)
		}
		ends = append(ends, l.Name+" "+l.End()+".")
	}
	if run.Main().Code == 1 {
		ends = append(ends, "Main exited with exit code 1. If an error above names a task, this task has 0 in place of its result.")
	}
	lessons.Para("saw", "A process has an exit code, and its own variables. A goroutine has no exit code, and it uses the variables of its"+
		" process. A goroutine is a part of its process, so it has no row in the picture. If a Process returns an error, its exit code"+
		" is 1. If it panics, the code is 2. (In Python, an exception gives 1.) Pool workers: %d. %s", len(pooled), strings.Join(ends, " "))
	return nil
}
