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
	Number:  6,
	Title:   "What are daemon processes for?",
	Mirrors: "examples 4, 5",
	Plan:    plan,
	Picture: picture,
	Try:     "-nodaemon, -join 1, -join 20, -unit 2s, -free, -plain",
	Facts:   experiments,
	Tick:    &tick,
	Flags: []lessons.Flag{
		lessons.Int(&join, "join", 0, 20, "join Worker 1, at most `N` ticks"),
		lessons.Bool(&noDaemon, "nodaemon", "make Worker 1 a process like any other"),
	},
	Source: source,
	Sum:    "32fef379",
}

func plan() string {
	kind, end := "a daemon", "Then main reaches its last line without joining either of them."
	if noDaemon {
		kind = "not a daemon"
	}
	if join > 0 {
		end = fmt.Sprintf("Then main joins Worker 1 with a timeout of %s, and reaches its last line.", inTicks(join))
	}
	return fmt.Sprintf("Main starts Worker 1 (%s, 4 ticks of work). After 1 tick it starts Worker 2"+
		" (not a daemon, 2 ticks of work). %s", kind, end)
}

func inTicks(n int) string {
	if n == 1 {
		return "1 tick"
	}
	return fmt.Sprintf("%d ticks", n)
}

func picture(ctx context.Context, run *lessons.Run) error {
	lessons.Println(run.Rows())
	lessons.Para("saw", "%s", saw(run))
	lessons.Println()
	return drawLoss(ctx)
}

// saw says for each child of main how it ended. The exit code tells a process
// that was terminated from one that exited; the order tells who was waited for.
func saw(run *lessons.Run) string {
	main := run.Main()
	text := "Main ended before its last line."
	if main.LastLine > 0 {
		text = "Main reached its last line."
	}
	nobody := main.LastLine > 0
	for _, child := range run.Children(main) {
		text += " " + name(child) + " " + child.End() + when(main, child) + words(run, child.Name)
		nobody = nobody && (child.Ended < main.LastLine || child.Daemon)
	}
	switch {
	case len(run.Lives) == 1:
		text += " Main started no process."
	case nobody:
		text += " Main waited for no other process."
	}
	return fmt.Sprintf("%s Main's exit code is %d.", text, main.Code)
}

func name(child lessons.Life) string {
	if child.Daemon {
		return child.Name + ", a daemon,"
	}
	return child.Name
}

func when(main, child lessons.Life) string {
	switch {
	case main.LastLine == 0 || child.Ended == 0:
		return "."
	case child.Ended < main.LastLine:
		return " before that."
	case child.Daemon:
		return " after that."
	}
	return " after that: main waited for it."
}

// words says which of its two lines a worker did not print.
func words(run *lessons.Run, name string) string {
	switch {
	case !run.Printed(name + " "):
		return " " + name + " printed nothing."
	case !run.Printed(name + " exiting"):
		return " " + name + ` never printed "exiting".`
	}
	return ""
}

// drawLoss compares a daemon whose loss changes nothing with one whose loss is
// half a file. It is measured in experiments.go.
func drawLoss(ctx context.Context) error {
	cut, err := play(ctx, true, 0)
	if err != nil {
		return err
	}
	whole, err := play(ctx, false, 0)
	if err != nil {
		return err
	}
	lessons.Para("also", "Now Worker 1 writes 10 numbers to a file, and Worker 2 adds 1 + 2 + 3 + 4 + 5 + 6."+
		" When 3 numbers are written, main reaches its last line.")
	lessons.Printf("\n  Worker 1       its file      Worker 2 sends\n")
	lessons.Printf("  a daemon       %2d numbers    %s\n", cut.numbers, cut.sum)
	lessons.Printf("  not a daemon   %2d numbers    %s\n\n", whole.numbers, whole.sum)
	lessons.Para("saw", "As a daemon, Worker 1 wrote %d of %d numbers. If they are a result, the file is not whole."+
		" If they are only a sign of life, a heartbeat, nothing is lost: Worker 2 sent %s with the daemon, and %s without.",
		cut.numbers, whole.numbers, cut.sum, whole.sum)
	return nil
}
