package main

// The plan, the picture and the explanations of this lesson. You need not read this
// file to understand main.go. The lesson counts the processes of the run above, also
// if you change main.go.

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
	Number:  4,
	Title:   "Process or Pool?",
	Mirrors: "example 8's numbers",
	Plan:    plan,
	Picture: picture,
	Try:     "-slow 5, -slow 10, -workers 10, -plain",
	Facts:   experiments,
	Tick:    &tick,
	Flags: []lessons.Flag{
		lessons.Int(&slow, "slow", 1, len(numbers), "let task `N` take longest"),
		lessons.Int(&workers, "workers", 2, 10, "give the pool `N` workers"),
	},
	Source: source,
	Sum:    "c192e184",
}

func plan() string {
	return fmt.Sprintf("Which of 10 numbers are prime (*)? Main starts a Process for each number, and a queue brings the results."+
		" Then main gives the same 10 tasks to a Pool (workers: %d). Task %d, the number %d, takes longest: 8 ticks. The system"+
		" decides in which order the other Processes put their results.", workers, slow, numbers[slow-1])
}

func picture(ctx context.Context, run *lessons.Run) error {
	lessons.Para("saw", "%s", saw(run))
	lessons.Println()
	if !run.Changed {
		lessons.Para("also", "In main.go, the Processes need %d lines, and the Pool needs %d. Fewer lines, and less to get"+
			` wrong: this is what "more convenient" means.`, lines("type errand ", "var mark "), lines("var mark ", "func program("))
		lessons.Println()
	}
	return drawLines(ctx)
}

// saw counts the processes, and names those that failed.
func saw(run *lessons.Run) string {
	workers, failed := 0, ""
	for _, l := range run.Lives[1:] {
		if l.Pooled() {
			workers++
		}
		if l.End() != "exited" {
			failed += fmt.Sprintf(" %s %s.", l.Name, l.End())
		}
	}
	return fmt.Sprintf("A queue has the results in the order in which they come. Map has each at the place of its task, whichever"+
		" task ends first. Processes outside the pool: %d. Workers of the pool: %d.%s", len(run.Lives)-1-workers, workers, failed)
}

// lines counts the lines of main.go from one declaration to another.
func lines(from, to string) int {
	_, rest, _ := strings.Cut(source, "\n"+from)
	block, _, _ := strings.Cut(rest, "\n"+to)
	return 1 + strings.Count(strings.TrimSpace(block), "\n")
}

// drawLines compares the ways to get results of a pool. It is measured in
// experiments.go.
func drawLines(ctx context.Context) error {
	printed, err := with(4, 4, linesOfAllWays)(ctx)
	if err != nil {
		return err
	}
	lessons.Para("also", "A pool of two workers does 4 tasks, and main prints a line for each result. Task 2 ends last."+
		" How many lines has main printed when it ends?")
	lessons.Println()
	for i, way := range []string{"Map", "Imap", "ImapUnordered"} {
		lessons.Printf("  %-13s  %s\n", way, strings.Fields(printed)[i])
	}
	lessons.Println()
	lessons.Para("saw", "Map returns when all tasks have ended. Imap gives a result when all results before it have been"+
		" given, and ImapUnordered gives it when it comes.")
	return nil
}
