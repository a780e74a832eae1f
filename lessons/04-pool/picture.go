package main

// What the lesson plans, draws and says: its program is in main.go, and nobody
// has to read this file to understand it. What is said of the lists is read from
// the very run whose output was shown, so it stays true if you change main.go.

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
	Sum:    "bb2f8df4",
}

func plan() string {
	return fmt.Sprintf("Which of 10 numbers are prime (*)? Main starts a Process for each number, and a queue brings the results."+
		" Then main gives the same 10 tasks to a Pool (workers: %d). Task %d, the number %d, takes longest: 8 ticks. The system"+
		" decides in which order the other Processes put their results.", workers, slow, numbers[slow-1])
}

func picture(ctx context.Context, run *lessons.Run) error {
	lessons.Para("saw", "%s %s", sawList(run, "queue"), sawList(run, "Map"))
	lessons.Printf("\n  lines of main.go for\n")
	for _, way := range [][]string{{"type errand ", "var single ", "func byProcesses("}, {"var mark ", "func byPool("}} {
		n, names := 0, ""
		for _, declaration := range way {
			n += lines(declaration)
			names += ", " + strings.Trim(strings.Fields(declaration)[1], "(")
		}
		lessons.Printf("  %-27s  %s %d\n", names[2:], strings.Repeat("=", min(n, 40)), n)
	}
	lessons.Println()
	lessons.Para("saw", "%s Fewer lines, and less to get wrong: this is what \"more convenient\" means.", sawProcesses(run))
	lessons.Println()
	return drawOrders(ctx)
}

// sawList says where the result of the slow task stands in a list that was
// printed, and how many results are there.
func sawList(run *lessons.Run, label string) string {
	_, list, _ := strings.Cut("\n"+run.Output, "\n"+label)
	list, _, _ = strings.Cut(list, "]\n")
	_, list, printed := strings.Cut(list, "[")
	if !printed {
		return fmt.Sprintf("No %s list was printed.", label)
	}
	results := strings.Split(strings.ReplaceAll(list, "*", ""), " ")
	place := slices.Index(results, fmt.Sprint(numbers[slow-1])) + 1
	there := len(slices.DeleteFunc(results, func(r string) bool { return r == "" }))
	at := fmt.Sprintf("is at place %d", place)
	if place == 0 {
		at = "is missing"
	}
	return fmt.Sprintf("In the %s list, task %d %s, and %d results are there.", label, slow, at, there)
}

// lines counts the lines of a declaration in main.go; 0 if it is not there.
func lines(declaration string) (n int) {
	_, rest, found := strings.Cut(source, "\n"+declaration)
	if !found {
		return 0
	}
	for line := range strings.Lines(rest) {
		n++
		if strings.HasPrefix(line, "}") || n == 1 && !strings.HasSuffix(line, "{\n") {
			break
		}
	}
	return n
}

// sawProcesses counts the processes, and names those that failed.
func sawProcesses(run *lessons.Run) string {
	workers, failed := 0, ""
	for _, l := range run.Lives[1:] {
		if l.Pooled() {
			workers++
		}
		if l.End() != "exited" {
			failed += fmt.Sprintf(" %s %s.", l.Name, l.End())
		}
	}
	return fmt.Sprintf("Processes outside the pool: %d. Workers of the pool: %d.%s", len(run.Lives)-1-workers, workers, failed)
}

// drawOrders compares all ways to get results. They are measured in
// experiments.go.
func drawOrders(ctx context.Context) error {
	lessons.Para("also", "Now there are three tasks. Task 2 finishes first, then task 3, then task 1. A Process each, and then a pool with 2"+
		" workers: in which order does main get the results?")
	lessons.Printf("\n  %-14s  results\n", "")
	for _, way := range []struct {
		name    string
		measure func(context.Context) (string, error)
	}{
		{"queue", ticketed(orderOfQueue)}, {"Map", ticketed(orderOfMap)},
		{"Imap", ticketed(orderOfImap)}, {"ImapUnordered", ticketed(orderOfUnordered)},
	} {
		order, err := way.measure(ctx)
		if err != nil {
			return err
		}
		lessons.Printf("  %-14s  %s\n", way.name, order)
	}
	lessons.Println()
	return nil
}
