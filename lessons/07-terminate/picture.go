package main

// The plan, the picture and the explanations of this lesson. You need not read this
// file to understand main.go. The picture shows the run above it, also if you change
// main.go.

import (
	"context"
	_ "embed"
	"fmt"
	"strings"
	"time"

	"processbook/lessons"
)

//go:embed main.go
var source string

var lesson = lessons.Lesson{
	Number:  7,
	Title:   "How do you end a process?",
	Mirrors: "no example",
	Plan:    func() string { return plan },
	Picture: picture,
	Try:     "-unit 1s, -free, -plain",
	Facts:   experiments,
	Tick:    &tick,
	Source:  source,
	Sum:     "0c1f9d0f",
}

const plan = "Main starts Stuck and Stubborn, which hang, and Left and Right, which each wait for a message from the other:" +
	" a deadlock. Stubborn ignores SIGTERM. Then main calls Terminate for Stuck; Terminate for Stubborn and, 2 ticks later," +
	" Kill; and Terminate for Left. After each call, main joins the process."

func picture(ctx context.Context, run *lessons.Run) error {
	lessons.Println(run.Rows())
	lessons.Para("saw", "%s", saw(run))
	if err := drawAll(ctx); err != nil {
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
		text += ". "
	}
	return text + fmt.Sprintf("Main's exit code is %d.", run.Main().Code)
}

// drawAll compares ways to hang, and ways to end.
func drawAll(ctx context.Context) error {
	rows, err := tryAll(ctx)
	lessons.Println()
	lessons.Para("also", "Seven processes have each deferred a cleanup. Main sends \"please stop\" to the first two, and calls"+
		" Terminate for the others. If one is still alive then, main calls Kill.")
	const format = "  %-30s  %-10s  %9v  %s\n"
	lessons.Printf("\n"+format, "the process", "ended by", "exit code", "cleanup")
	quickest := time.Hour
	for _, r := range rows {
		lessons.Printf(format, r.does, r.by, r.code, map[bool]string{true: "runs", false: "does not run"}[r.cleaned])
		if r.by == "Terminate" {
			quickest = min(quickest, r.took)
		}
	}
	lessons.Println()
	lessons.Para("saw", "Terminate ends processes that do not respond, and it is quick: the quickest of them had ended %s"+
		" after the call. A process cleans up only if its function returns. On Linux and macOS, a process can handle SIGTERM,"+
		" or ignore it; then only Kill helps.", lessons.Milliseconds(quickest))
	return err
}

// drawOthers shows what ends with a process.
func drawOthers(ctx context.Context) error {
	lessons.Println()
	lessons.Para("also", "What happens to other processes when main terminates one that ...")
	lessons.Println()
	letters := strings.NewReplacer("A", "the token", "B", "the file", "C", "its message,", "D", "EOF")
	for _, e := range []struct{ item, has, then string }{
		{"7b", "has a child, which also has a child", "of all three end:"},
		{"7c", "has a token, a lock file and a pipe", "they get:"},
		{"7d", "is in the middle of a message", "the reader gets:"},
	} {
		fact, err := experiments.Measure(ctx, e.item)
		if err != nil {
			return err
		}
		lessons.Printf("  %-38s  %s %s\n", e.has, e.then, letters.Replace(fact))
	}
	lessons.Println()
	lessons.Para("saw", "So terminate a process if it shares nothing. The system does not know tokens or lock files, so it does"+
		" not give them back. A child and half a message end with the process.")
	return nil
}
