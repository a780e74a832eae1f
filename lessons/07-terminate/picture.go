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
	"strings"
)

//go:embed main.go
var source string

var lesson = lessons.Lesson{
	Number:  7,
	Title:   "How do you end a process, and when may you?",
	Mirrors: "no example",
	Plan:    func() string { return plan },
	Picture: picture,
	Try:     "-unit 1s, -free, -plain",
	Facts:   experiments,
	Tick:    &tick,
	Source:  source,
	Sum:     "0c1f9d0f",
}

const plan = "Main starts four processes. Stuck and Stubborn hang. Left and Right each wait for a message from the" +
	" other: a deadlock. Stubborn ignores SIGTERM. Main calls Terminate for Stuck, and joins Stuck. Then it calls" +
	" Terminate for Stubborn, calls Kill 2 ticks later, and joins Stubborn. Last, it calls Terminate for Left, and" +
	" joins Left and Right."

// The exit code tells a process that was terminated from one that exited.
func picture(ctx context.Context, run *lessons.Run) error {
	saw := ""
	for _, child := range run.Children(run.Main()) {
		switch {
		case child.Asked > 0 && child.Code < 0: // perhaps after Kill
			saw += "Terminate did not end " + child.Name + ". "
		case child.Asked > 0:
			saw += "Main asked " + child.Name + " to end. "
		}
		saw += child.Name + " " + child.End() + ". "
		if cleanup := child.Name + " cleans up"; run.Printed(cleanup) {
			saw += fmt.Sprintf("The output has %q. ", cleanup)
		}
	}
	lessons.Println(run.Rows())
	lessons.Para("saw", "%sMain's exit code is %d.", saw, run.Main().Code)
	return drawMore(ctx)
}

// drawMore compares ways to hang, and ways to end, and shows what ends with a process.
func drawMore(ctx context.Context) error {
	rows, err := tryAll(ctx)
	ended, noEnded := experiments.Measure(ctx, "7b")
	got, noGot := experiments.Measure(ctx, "7c")
	if err = errors.Join(err, noEnded, noGot, ctx.Err()); err != nil {
		return err
	}
	const format = "  %-30s  %-10s  %9v  %s\n"
	table := fmt.Sprintf(format, "the process", "ended by", "exit code", "cleanup")
	for _, r := range rows {
		cleanup := map[bool]string{true: "runs", false: "does not run"}[r.cleaned]
		table += fmt.Sprintf(format, r.does, r.by, r.code, cleanup)
	}
	lessons.Section("Seven more processes each have a deferred cleanup. Main sends \"please stop\" to the"+
		" first two, and calls Terminate for the others. If a process does not end then, main calls Kill.", table,
		"Terminate can end even a process that hangs. A deferred cleanup runs when its function returns. Terminate,"+
			" Kill and os.Exit can end the process before that. On Linux and macOS, Terminate sends SIGTERM, signal 15"+
			" (exit code -15). A process can handle SIGTERM and return. Or it can ignore SIGTERM, and then only Kill"+
			" ends it, with signal 9 (exit code -9).")
	got = strings.NewReplacer("A", "the token", "B", "the message", "C", "a broken message,", "D", "EOF").Replace(got)
	lessons.Section("A queue with one item, a token, can be a lock. What happens to others when main terminates a"+
		" process that ...", "  has a child, which also has a child    of the three, "+ended+
		" end\n  has a token, and is sending a message  others get: "+got+"\n",
		"Terminate only processes that share nothing. The system does not put the token back: others never get it."+
			" Children also end, and a message may be broken.")
	return nil
}
