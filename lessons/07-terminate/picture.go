package main

// What the lesson plans, draws and says: its program is in main.go, and nobody
// has to read this file to understand it. The picture is drawn from the very run
// whose output was shown, so it stays true if you change main.go.

import (
	"context"
	_ "embed"
	"fmt"

	"processbook/lessons"
)

//go:embed main.go
var source string

var lesson = lessons.Lesson{
	Number:  7,
	Title:   "How do you end a process?",
	Mirrors: "no example",
	Plan:    plan,
	Picture: picture,
	Try:     "-unit 1s, -free, -plain",
	Facts:   experiments,
	Tick:    &tick,
	Source:  source,
	Sum:     "a73567d7",
}

func plan() string {
	return `Main starts Stuck and Stubborn, which hang, and Left and Right, which each wait for a message
		from the other: a deadlock. Stubborn ignores SIGTERM. Then main calls Terminate for Stuck; Terminate for
		Stubborn and, 2 ticks later, Kill; and Terminate for Left. After each call, main joins the process.`
}

func picture(ctx context.Context, run *lessons.Run) error {
	lessons.Println(run.Rows())
	lessons.Para("saw", "%s", saw(run))
	lessons.Println()
	if err := drawCleanups(ctx); err != nil {
		return err
	}
	return drawOthers(ctx)
}

// saw says for each child of main how it ended: the exit code tells a process
// that was terminated from one that exited.
func saw(run *lessons.Run) (text string) {
	for _, child := range run.Children(run.Main()) {
		text += child.Name
		if child.Asked > 0 {
			text += " was asked to end, did not end at once, and"
		}
		text += " " + child.End()
		if run.Printed(child.Name + " cleans up") {
			text += ", and cleaned up"
		}
		text += freed(run, child) + ". "
	}
	if text == "" {
		text = "Main started no process. "
	}
	return text + fmt.Sprintf("Main's exit code is %d.", run.Main().Code)
}

// freed says whose end was the end of the deadlock.
func freed(run *lessons.Run, child lessons.Life) string {
	for _, other := range run.Children(run.Main()) {
		both := run.Printed(child.Name+" waits") && run.Printed(other.Name+" waits")
		if both && child.Code == 0 && other.Code < 0 && other.Ended < child.Ended {
			return ": it received EOF after " + other.Name + " had ended"
		}
	}
	return ""
}

// drawCleanups compares a message, Terminate, and a process that handles SIGTERM.
func drawCleanups(ctx context.Context) error {
	rows, err := askAll(ctx)
	if err != nil {
		return err
	}
	lessons.Para("also", "Listener waits for a message. Loner and Polite hang, but Polite handles SIGTERM. Each of them has"+
		" deferred a cleanup. Main sends \"please stop\" to all of them, and then calls Terminate for those that are still alive.")
	const format = "  %-9s  %-14s  %-14s  %s\n"
	lessons.Printf("\n"+format, "who", `"please stop"`, "Terminate", "deferred cleanup")
	for _, r := range rows {
		asked, terminated, cleanup := "lives on", fmt.Sprint("exit code ", r.exitCode), "does not run"
		if r.obeyed {
			asked, terminated = terminated, "-"
		}
		if r.cleaned {
			cleanup = "runs"
		}
		lessons.Printf(format, r.name, asked, terminated, cleanup)
	}
	start, end, err := quickest(ctx)
	lessons.Println()
	lessons.Para("saw", "A process can end in its own way, cleanup included, when it receives a message or handles SIGTERM."+
		" Terminate is quick: in the best of 5 runs, Join returned %s after the call. To start Loner took %s.",
		lessons.Microseconds(end), lessons.Microseconds(start))
	lessons.Println()
	return err
}

// drawOthers shows what a terminated process takes along.
func drawOthers(ctx context.Context) error {
	lessons.Para("also", "Main terminates four more processes, and looks at what is left to others.")
	lessons.Printf("\n  %-10s  %-28s  %s\n", "terminated", "had to do with others", "what is left to others")
	for _, row := range []struct{ name, item, situation, left string }{
		{"Loner", "7e", "nothing", "%s of 3 others bring a result"},
		{"Parent", "7b", "its child, Kid", "Kid %s"},
		{"Holder", "7c", "the only token of a lock", "%s of 3 others get the lock"},
		{"Writer", "7d", "half a message in a pipe", "the reader gets %s"},
	} {
		fact, err := experiments.Measure(ctx, row.item)
		if err != nil {
			return err
		}
		lessons.Printf("  %-10s  %-28s  "+row.left+"\n", row.name, row.situation, fact)
	}
	lessons.Println()
	lessons.Para("saw", "So terminate a process if it shares nothing. A lock, half a message and a child end with it.")
	return nil
}
