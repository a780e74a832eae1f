package main

// The plan, the picture and the explanations of this lesson. You need not read this
// file to understand main.go. The picture shows the run above it, also if you change
// main.go.

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
	Number:  5,
	Title:   "Which process is this?",
	Mirrors: "examples 2, 3",
	Plan:    func() string { return plan },
	Picture: picture,
	Try:     "-plain, five times: which worker prints first? Also -unit 2s, -free",
	Facts:   experiments,
	Tick:    &tick,
	Source:  source,
	Sum:     "9b16ea0d",
}

const plan = `Example 2: main starts "Worker 1", "Worker 2", and a process without a name, and joins all of them. Each of them prints` +
	" its name, works for 2 ticks, and prints its name again. The system decides the order of these lines. Example 3: main prints its" +
	" name, its parent's PID, and its own PID. Then it starts a child, which prints the same."

func picture(ctx context.Context, run *lessons.Run) error {
	lessons.Printf("  %s  main, which is MainProcess%s\n", lessons.PID(run.Main().PID), ending(run.Main()))
	tree("   ", run, run.Main())
	lessons.Println()
	lessons.Para("saw", "%s", saw(run))
	return drawFamily(ctx)
}

// tree draws the children of a process, each followed by its own children.
func tree(stem string, run *lessons.Run, parent lessons.Life) {
	children := run.Children(parent)
	for i, c := range children {
		lessons.Printf("%s+- %s  %s%s\n", stem, lessons.PID(c.PID), c.Name, ending(c))
		below := stem + "|   "
		if i == len(children)-1 {
			below = stem + "    "
		}
		tree(below, run, c)
	}
}

// ending says how a process ended, if it did not simply exit.
func ending(l lessons.Life) string { return strings.TrimSuffix(" ("+l.End()+")", " (exited)") }

// saw counts the names and the PIDs of all that were started.
func saw(run *lessons.Run) string {
	names, pids := make(map[string]bool), make(map[int]bool)
	for _, l := range run.Lives[1:] {
		names[l.Name], pids[l.PID] = true, true
	}
	return fmt.Sprintf("Processes that were started: %d. Different names: %d. Different PIDs: %d."+
		" You can choose a name. The system chooses the PID. The tree has the name that each process had at its start."+
		" mp counts all processes that main makes, also those with names. If number 3 has no name, it becomes Process-3.", len(run.Lives)-1, len(names), len(pids))
}

// drawFamily shows more processes, and what main sees of them. It is measured in
// experiments.go.
func drawFamily(ctx context.Context) error {
	all, err := family(ctx)
	const row = "  %-11s  %-11s  %7s  %7s  %-13v  %v\n"
	table := fmt.Sprintf(row, "who", "name", "PID", "parent", "mp.Children()", "os")
	for i, m := range all {
		who := []string{"main", "a goroutine", "child", "grandchild", "grandchild", "ended child"}[i]
		table += fmt.Sprintf(row, who, m.Name, lessons.PID(m.PID), lessons.PID(m.Parent), m.Listed, m.Exists)
	}
	lessons.Section("This time, the lesson itself is main. It has a child named Child, which starts two processes, and names both Twin."+
		" Another child, named Ended, has ended. Main looks for each PID: in mp.Children, and in the system (os.FindProcess and Signal(0)).",
		table, "A goroutine has the name and the PID of its process. Processes with the same name have different PIDs."+
			" In main, mp.Current is main, not the process that was started last. mp.Children has the children of the process that"+
			" calls it, and only those that are alive. The system knows the PIDs of all processes that are alive. (Signal 0"+
			" changes nothing in a process.)")
	return err
}
