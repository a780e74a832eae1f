package main

// The plan, the picture and the explanations of this lesson. You need not read this
// file to understand main.go. The boxes are drawn from the lines that it printed.

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"processbook/lessons"
)

//go:embed main.go
var source string

var lesson = lessons.Lesson{
	Number:  1,
	Title:   "How does a process differ from a thread?",
	Mirrors: "example 3",
	Plan:    plan,
	Picture: picture,
	Try:     "-set 100, -children 6, -plain",
	Facts:   experiments,
	Flags: []lessons.Flag{
		lessons.Int(&set, "set", 1, 999, "let main set counter to `N`"),
		lessons.Int(&children, "children", 1, 6, "start `N` processes"),
	},
	Source: source,
	Sum:    "0d941560",
}

func plan() string {
	return fmt.Sprintf("The source says: var counter = 1. Main sets counter to %d. Then main starts children (%d), one after"+
		" the other. Last, main starts a goroutine. Each child and the goroutine add 10 to counter.", set, children)
}

func picture(ctx context.Context, run *lessons.Run) error {
	const border = "  +--------------+--------------------------+--------------------------+"
	lessons.Println(border)
	ends := ""
	for _, life := range run.Lives {
		names, counters := printed(run, life)
		lessons.Printf("  | PID %-8s | counter %-16s | %-24s |\n%s\n", lessons.PID(life.PID), counters, names, border)
		if life.End() != "exited" {
			ends += " Process " + life.Name + " " + life.End() + "."
		}
		if counters == "not found" {
			ends += " No line of " + life.Name + ` looks like "main PID 7, parent 6, counter 5".`
		}
	}
	lessons.Println()
	lessons.Para("saw", "Processes: %d. Each has its own PID and its own counter.%s All names in a box share one process and its counter."+
		" A child is a new start of the program. So its counter begins with the value in the source (var, init), and not with the"+
		" value that main has set. (In Python, spawn also starts the program again. But fork copies main.)", len(run.Lives), ends)
	return drawFound(ctx)
}

var line = regexp.MustCompile(`(?m)^(.+?) +PID (\d+), parent \d+, counter (-?\d+)(?:, then (-?\d+))?$`)

// printed returns the names that a process printed, and its first and last counter.
func printed(run *lessons.Run, life lessons.Life) (string, string) {
	var names, counters []string
	for _, m := range line.FindAllStringSubmatch(run.Output, -1) {
		if m[2] == strconv.Itoa(life.PID) {
			counters = append(counters, m[3], cmp.Or(m[4], m[3]))
			if !slices.Contains(names, m[1]) {
				names = append(names, m[1])
			}
		}
	}
	if names == nil {
		return life.Name, "not found"
	}
	return strings.Join(names, ", "), counters[0] + ", then " + counters[len(counters)-1]
}

func drawFound(ctx context.Context) error {
	child, err := host(ctx, Visit{}, child)
	goroutine, failed := host(ctx, Visit{}, goroutine)
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	table := "done by      looked for by  variable  directory  environment  file  pipe\n" +
		fmt.Sprintf("main         a child        %s   -\n", yesNo(child[1].Found)) +
		fmt.Sprintf("a child      main           %s\n", yesNo(child[0].Found)) +
		fmt.Sprintf("a goroutine  main           %s\n", yesNo(goroutine[0].Found))
	lessons.Section("Now main sets a variable, goes to another directory, sets an environment variable and writes a file. A child"+
		" looks for these changes. Then the child also makes these changes, and sends a message through a pipe. Main looks for all of this. Last,"+
		" a goroutine does what the child did, and main looks again.", table,
		fmt.Sprintf("Variables, directory and environment belong to one process, and its goroutines share them. A child begins with"+
			" copies of the directory and the environment, but not of the variables. Files and pipes are outside of all processes. The"+
			" child starts no goroutine, and has %s one thread.", map[bool]string{true: "more than", false: "only"}[child[1].Threads > 1]))
	return nil
}

func yesNo(found []bool) (row string) {
	for i, width := range []int{10, 11, 13, 6, 4}[:len(found)] {
		row += fmt.Sprintf("%-*s", width, map[bool]string{true: "yes", false: "no"}[found[i]])
	}
	return strings.TrimRight(row, " ")
}
