package main

// What the lesson plans, draws and says: its program is in main.go, and nobody
// has to read this file to understand it. The picture is drawn from the very run
// whose output was shown, so it stays true if you change main.go.

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
	Sum:    "e80f93a7",
}

func plan() string {
	return fmt.Sprintf("Main starts a Process and a goroutine. Both work 3 ticks, store 25 in a variable of main.go, and are"+
		" joined. Then a Pool (workers: %d) gets one task with Apply, and 9 tasks with Map. The same work is done without"+
		" the pool: by a plain call, and by 9 goroutines.", workers)
}

func picture(_ context.Context, run *lessons.Run) error {
	lessons.Para("saw", "%s A process has an exit code, and variables of its own. A goroutine has neither: it is a part of"+
		" its process, so the picture has no row for it.", sawProcesses(run))
	lessons.Println()
	lessons.Println(run.Rows())
	lessons.Para("saw", "%s", sawWorkers(run))
	return nil
}

// sawProcesses says how each process ended that is not a worker of a pool.
func sawProcesses(run *lessons.Run) string {
	var ends []string
	for _, l := range run.Lives[1:] {
		if !l.Pooled() {
			ends = append(ends, l.Name+" "+l.End()+".")
		}
	}
	if len(run.Lives) == 1 {
		return "No process but main was started."
	}
	return strings.Join(ends, " ")
}

// sawWorkers counts the workers, and names those that the pool's Close did not
// end.
func sawWorkers(run *lessons.Run) string {
	var workers, ends []string
	for _, l := range run.Lives {
		if l.Pooled() {
			workers = append(workers, l.Name)
			if l.End() != "exited" {
				ends = append(ends, l.Name+" "+l.End()+".")
			}
		}
	}
	started := fmt.Sprintf("The pool started %d processes for all its tasks.", len(workers))
	switch {
	case len(workers) == 0:
		return "No pool was at work."
	case len(workers) == 1:
		started = "The pool started 1 process for all its tasks."
	}
	if len(ends) == 0 {
		ends = []string{"Main closed the pool, and no worker was left."}
	}
	return started + " " + strings.Join(ends, " ")
}
