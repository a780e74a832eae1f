package main

// What the lesson plans, draws and says: its program is in main.go, and nobody
// has to read this file to understand it. The picture is drawn from the very run
// whose output was shown, so it stays true if you change main.go.

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
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
	Try:     "-twins 5, -unit 1s, -free, -plain",
	Facts:   experiments,
	Tick:    &tick,
	Flags:   []lessons.Flag{lessons.Int(&twins, "twins", 2, 9, "`N` processes with the same name")},
	Source:  source,
	Sum:     "d37009d4",
}

func plan() string {
	return fmt.Sprintf(`Main starts "Worker 1", "Worker 2", one with no name (it has a child), and %d more, all named "Twin".
		Each of them prints its name, its PID, and its parent's PID; main does so before and after that, and
		in a goroutine, too. Then main terminates Worker 1, and looks who is alive.`, twins)
}

func picture(ctx context.Context, run *lessons.Run) error {
	lessons.Print(tree(run))
	lessons.Println()
	lessons.Para("saw", "%s", saw(run))
	lessons.Println()
	return drawOthers(ctx)
}

// tree draws who has started whom, as mp has noted it.
func tree(run *lessons.Run) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  %s  %s\n", lessons.PID(run.Main().PID), "main, which is MainProcess")
	branch(&b, "   ", run, run.Main())
	return b.String()
}

// branch draws the children of a process, each followed by its own.
func branch(b *strings.Builder, stem string, run *lessons.Run, parent lessons.Life) {
	children := run.Children(parent)
	for i, c := range children {
		fmt.Fprintf(b, "%s+- %s  %s\n", stem, lessons.PID(c.PID), c.Name)
		below := stem + "|   "
		if i == len(children)-1 {
			below = stem + "    "
		}
		branch(b, below, run, c)
	}
}

// saw counts the names and the PIDs of all that were started.
func saw(run *lessons.Run) string {
	started := run.Lives[1:]
	var names, pids []string
	for _, l := range started {
		names, pids = append(names, l.Name), append(pids, fmt.Sprint(l.PID))
	}
	text := fmt.Sprintf("Processes that were started: %d. Different names: %d. Different PIDs: %d.",
		len(started), different(names), different(pids))
	ofMain := run.Children(run.Main())
	if run.Changed || len(ofMain) < 3 {
		return text
	}
	return text + " A name is yours to choose, a PID is the system's. The process that was made without a name is " +
		ofMain[2].Name + ": the numbers count every process that was made, named or not." +
		" Main again is MainProcess: current is the process that asks, not the one that was started last." +
		" A goroutine has the PID of its process."
}

func different(all []string) int {
	slices.Sort(all)
	return len(slices.Compact(all))
}

// drawOthers shows what a process sees of others. It is measured in experiments.go.
func drawOthers(ctx context.Context) error {
	sights, err := others(ctx)
	if err != nil {
		return err
	}
	lessons.Para("also", "Main has a child, Child, and that has a child, Grandchild. A third process, Ended, has ended. Main looks for them.")
	const format = "  %-12s  %-16s  %s\n"
	word := map[bool]string{true: "alive", false: "-"}
	lessons.Printf("\n"+format, "who", "mp.Children()", "os.FindProcess")
	for _, s := range sights {
		lessons.Printf(format, s.Name, word[s.InList], word[s.ByOS])
	}
	lessons.Println()
	lessons.Para("saw", "mp.Children has the children of the process that calls it, and only those that are alive."+
		" By its PID, the system finds each process that is alive, whoever has started it.")
	return nil
}
