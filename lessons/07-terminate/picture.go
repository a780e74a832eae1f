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
	" a deadlock. Stubborn ignores SIGTERM. Main calls Terminate for Stuck, and joins Stuck. Then it calls Terminate for" +
	" Stubborn and, 2 ticks later, Kill, and joins Stubborn. Last, it calls Terminate for Left, and joins Left and Right."

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
	const format = "  %-30s  %-10s  %9v  %s\n"
	table := fmt.Sprintf(format, "the process", "ended by", "exit code", "cleanup")
	for _, r := range rows {
		table += fmt.Sprintf(format, r.does, r.by, r.code, map[bool]string{true: "runs", false: "does not run"}[r.cleaned])
	}
	lessons.Section("Like those above, seven more processes have deferred a cleanup. Main sends \"please stop\" to the first two,"+
		" and calls Terminate for the others. If one of these lives on, main calls Kill.", table,
		"Terminate can end even a process that hangs. A deferred cleanup runs when its function returns. Terminate, Kill and"+
			" os.Exit can end the process before that. On Linux and macOS, Terminate sends SIGTERM, signal 15 (exit code -15)."+
			" A process can handle SIGTERM and return. Or it can ignore SIGTERM, and then only Kill ends it, with signal 9 (exit code -9).")
	return err
}

// drawOthers shows what ends with a process.
func drawOthers(ctx context.Context) error {
	letters := strings.NewReplacer("A", "the token", "B", "the file", "C", "what it sent,", "D", "EOF")
	table := ""
	for _, e := range [][3]string{
		{"7b", "has a child, which also has a child", "of these three end:"},
		{"7c", "has a token, a lock file and a pipe", "others get:"},
		{"7d", "is in the middle of a message", "its reader gets:"},
	} {
		fact, err := experiments.Measure(ctx, e[0])
		if err != nil {
			return err
		}
		table += fmt.Sprintf("  %-38s  %s %s\n", e[1], e[2], letters.Replace(fact))
	}
	lessons.Section("A token, the only item of a queue, can be a lock. What happens to others when main terminates a process"+
		" that ...", table, "Terminate only processes that share nothing. The system does not know tokens or lock files, so others"+
		" do not get these two. Children also end, and a message may break off.")
	return nil
}
