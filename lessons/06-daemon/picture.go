package main

// The plan, the picture and the explanations of this lesson. You need not read this
// file to understand main.go. The picture shows the run above it, also if you change
// main.go.

import (
	"context"
	_ "embed"
	"errors"
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
	kind, end := map[bool]string{true: "not a daemon", false: "a daemon"}[noDaemon], "without joining either of them"
	if join > 0 {
		end = fmt.Sprintf("after it has joined Worker 1 (timeout in ticks: %d)", join)
	}
	return fmt.Sprintf("Main starts Worker 1 (%s, 4 ticks of work). After 1 tick main starts Worker 2"+
		" (not a daemon, 2 ticks of work). Then main reaches its last line %s.", kind, end)
}

func picture(ctx context.Context, run *lessons.Run) error {
	lessons.Println(run.Rows())
	lessons.Para("saw", "%s", saw(run))
	return drawLoss(ctx)
}

// saw says for each child of main how it ended, and whether it printed its last
// line.
func saw(run *lessons.Run) string {
	main, text := run.Main(), "Main ended before its last line. Then all its children end."
	if main.LastLine > 0 {
		text = "Main reached its last line. At that line, main terminates its daemons, and waits for its other children."
	}
	for _, child := range run.Children(main) {
		when := ""
		if 0 < child.Ended && child.Ended < main.LastLine {
			when = " before main's last line"
		}
		text += fmt.Sprintf(" %s %s%s.", child.Name, child.End(), when)
		if exiting := child.Name + " exiting"; !run.Printed(exiting) {
			text += fmt.Sprintf(" No line begins with %q.", exiting)
		}
	}
	return fmt.Sprintf("%s Main's exit code is %d.", text, main.Code)
}

// drawLoss shows what is lost with a daemon.
func drawLoss(ctx context.Context) error {
	cut, sum, err := loss(ctx, true)
	whole, sumToo, failed := loss(ctx, false)
	lessons.Section("Now Worker 1 writes 10 numbers to a file, and Worker 2 adds 1 + 2 + 3 + 4 + 5 + 6."+
		" When 3 numbers are written, main reaches its last line.", "  Worker 1       its file      Worker 2 sends\n"+
		fmt.Sprintf("  a daemon       %2d numbers    %s\n", cut, sum)+
		fmt.Sprintf("  not a daemon   %2d numbers    %s\n", whole, sumToo),
		fmt.Sprintf("As a daemon, Worker 1 wrote %d of %d numbers. If you need all of them, the file is useless. If they only say"+
			" \"I am alive\", nothing is lost. Worker 2 sent %s in the first case, and %s in the second.",
			cut, whole, sum, sumToo))
	return errors.Join(err, failed)
}
