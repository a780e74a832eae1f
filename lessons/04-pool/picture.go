package main

// The plan, the picture and the explanations of this lesson. You need not read this
// file to understand main.go. It counts the processes and the results of the run above.

import (
	"context"
	_ "embed"
	"fmt"
	"regexp"
	"strings"

	"processbook/lessons"
)

//go:embed main.go
var source string

var lesson = lessons.Lesson{
	Number:  4,
	Title:   "A Process or a Pool?",
	Mirrors: "example 8's numbers",
	Plan:    plan,
	Picture: picture,
	Try:     "-slow 5, -slow 10, -workers 10, -plain",
	Facts:   experiments,
	Tick:    &tick,
	Flags: []lessons.Flag{
		lessons.Int(&slow, "slow", 1, len(numbers), "let the task with the `N`th number take longest"),
		lessons.Int(&workers, "workers", 2, 10, "give the pool `N` workers"),
	},
	Source: source,
	Sum:    "c192e184",
}

func plan() string {
	slowest := fmt.Sprintf("There is no task %d that could take longest", slow) // the reader has changed main.go
	if slow > 0 && slow <= len(numbers) {
		slowest = fmt.Sprintf("The task with the number %d takes longest: 8 ticks (of %v)", numbers[slow-1], tick)
	}
	return fmt.Sprintf("There are 10 tasks: each gets a number, and adds a * if the number is prime. Main starts a Process for each task, and"+
		" gets the results from a queue. Then main gives the same tasks to a Pool (workers: %d). %s. The"+
		" system decides in which order the other Processes put their results.", workers, slowest)
}

func picture(ctx context.Context, run *lessons.Run) error {
	pooled, more := 0, ""
	for _, m := range regexp.MustCompile(`(?m)^(queue|Map) +\[(.*)\]$`).FindAllStringSubmatch(run.Output, -1) {
		more += fmt.Sprintf(" Numbers in the list %q: %d.", m[1], len(regexp.MustCompile(`\d+`).FindAllString(m[2], -1)))
	}
	for _, l := range run.Lives[1:] {
		if l.Pooled() {
			pooled++
		}
		if l.End() != "exited" {
			more += fmt.Sprintf(" %s %s.", l.Name, l.End())
		}
	}
	lessons.Para("saw", "A queue gives the results in the order in which they come. Map returns them in the order of the tasks, whichever"+
		" task ends first. Processes outside the pool: %d. Workers of the pool: %d.%s", len(run.Lives)-1-pooled, pooled, more)
	if !run.Changed {
		part := regexp.MustCompile(`\n(type errand|var mark|func program)\b`).Split(source, -1)
		lessons.Println()
		lessons.Para("also", "In main.go, the Processes need %d lines, and the Pool needs %d. With fewer lines, you make fewer mistakes:"+
			` the chapter calls this "more convenient".`, strings.Count(part[1], "\n"), strings.Count(part[2], "\n"))
	}
	printed, err := experiments.Measure(ctx, "4b")
	if err != nil {
		return err
	}
	n := strings.Fields(printed)
	lessons.Section("A pool of two workers does 4 tasks, and main prints a line for each result. The second task"+
		" ends last. How many lines has main printed just before that?",
		fmt.Sprintf("  Map            %s\n  Imap           %s\n  ImapUnordered  %s\n", n[0], n[1], n[2]),
		"Map returns when all tasks have ended. Imap gives the results in the order of the tasks, so it has to wait for"+
			" the second task. ImapUnordered gives each result when it comes.")
	return nil
}
