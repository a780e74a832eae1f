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
	Plan:    plan,
	Picture: picture,
	Try:     "-twins 5, -plain",
	Facts:   experiments,
	Flags:   []lessons.Flag{lessons.Int(&twins, "twins", 2, 9, "`N` processes with the same name")},
	Source:  source,
	Sum:     "b34b03fe",
}

func plan() string {
	return fmt.Sprintf(`Main starts "Worker 1", "Worker 2", a process without a name (which starts a child), and %d more, all named`+
		` "Twin". Each of them prints its name, its PID, and its parent's PID. Then main prints the same, and so does a goroutine`+
		" of main, which also terminates Worker 1. Last, main looks for Worker 1 and Worker 2: in mp.Children, and by PID in the"+
		" system (os).", twins)
}

func picture(ctx context.Context, run *lessons.Run) error {
	lessons.Printf("  %s  main, which is MainProcess\n", lessons.PID(run.Main().PID))
	tree("   ", run, run.Main())
	lessons.Println()
	lessons.Para("saw", "%s", saw(run))
	return drawOthers(ctx)
}

// tree draws the children of a process, each followed by its own children.
func tree(stem string, run *lessons.Run, parent lessons.Life) {
	children := run.Children(parent)
	for i, c := range children {
		lessons.Printf("%s+- %s  %s\n", stem, lessons.PID(c.PID), c.Name)
		below := stem + "|   "
		if i == len(children)-1 {
			below = stem + "    "
		}
		tree(below, run, c)
	}
}

// saw counts the names and the PIDs of all that were started.
func saw(run *lessons.Run) string {
	names, pids := make(map[string]bool), make(map[int]bool)
	for _, l := range run.Lives[1:] {
		names[l.Name], pids[l.PID] = true, true
	}
	return fmt.Sprintf("Processes that were started: %d. Different names: %d. Different PIDs: %d."+
		" A name is yours to choose, a PID is the system's."+
		" A process that was made without a name gets one like Process-3: the number counts every process that its parent made,"+
		" named or not. In main, mp.Current is main, not the process that was started last. A goroutine has the PID of its"+
		" process.", len(run.Lives)-1, len(names), len(pids))
}

// drawOthers shows what a process sees of others. It is measured in experiments.go.
func drawOthers(ctx context.Context) error {
	seen, err := seenByMain(ctx)
	finds := func(letter string) bool { return strings.Contains(seen, letter) }
	const row = "  %-12s  %-15v  %v\n"
	table := fmt.Sprintf(row, "who", "mp.Children()", "os.FindProcess and Signal(0)")
	for i, who := range []string{"Child", "Grandchild", "Ended"} {
		table += fmt.Sprintf(row, who, finds("ABC"[i:i+1]), finds("DEF"[i:i+1]))
	}
	lessons.Section("Main has a child, Child, and that has a child, Grandchild. A third process, Ended, has ended."+
		" Main looks for them.", table, "mp.Children has the children of the process that calls it, and only those that are"+
		" alive. With its PID, the system finds any process that is alive. (Signal 0 changes nothing in a process.)")
	return err
}
