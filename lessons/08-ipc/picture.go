package main

// The plan, the picture and the explanations of this lesson. You need not read this
// file to understand main.go.

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"processbook/lessons"
)

//go:embed main.go
var source string

var lesson = lessons.Lesson{
	Number:   8,
	Title:    "How do processes talk?",
	Mirrors:  "examples 6, 7, 8",
	Plan:     func() string { return plan },
	Picture:  picture,
	Try:      "-plain, five times: is the order of the results the same?",
	Facts:    experiments,
	AnyOrder: true,
	Source:   source,
	Sum:      "981c3733",
}

const plan = "Example 6: main puts a box with x = 10 into a queue, and then sets x in its box to 20. A child gets the box." +
	" Through a pipe, main asks for x, and the child answers. Example 8: main puts 10 numbers into a queue. 2 consumers" +
	" take them until main closes the queue, and put the results into another queue. The system decides their order."

func picture(ctx context.Context, run *lessons.Run) error {
	saw := fmt.Sprintf("Main's exit code is %d.", run.Main().Code)
	for _, child := range run.Lives[1:] {
		saw += " " + child.Name + " " + child.End() + "."
	}
	lessons.Para("saw", "%s", saw)
	if run.Changed {
		lessons.Para("note", "The rest is not about your program. It is measured in experiments.go.")
	}
	return errors.Join(drawBoxes(ctx), drawTurns(ctx), drawFacts(ctx))
}

func drawBoxes(ctx context.Context) error {
	mine := box{"x": 10, "y": 0}
	child, err := ask(ctx, mine, 20, "x", "x")
	lessons.Println()
	lessons.Para("also", "The box again. Main asks the child for x two times. Between the answers, the child sets its x to 99.")
	lessons.Printf("\n  main        child\n  +--------+  +--------+\n")
	for _, x := range child[:len(child)-1] {
		lessons.Printf("  | x = %d |  | x = %s |\n", mine["x"], x)
	}
	lessons.Printf("  +--------+  +--------+\n\n")
	lessons.Para("saw", "The child has a copy of the box. A message is always a copy.")
	return err
}

func drawTurns(ctx context.Context) error {
	took, _, _, err := turns(ctx)
	lessons.Println()
	lessons.Para("also", "Example 8, with turns: 4 consumers take 3 tasks, a pill and 7 tasks. A pill is an item that means"+
		" \"exit\". Each column is one round.")
	lessons.Println()
	for i, row := range took {
		text := ""
		for _, n := range row {
			text += fmt.Sprintf("  %2d", n)
		}
		lessons.Printf("  Consumer %d%s\n", i+1, strings.NewReplacer("-1", " .", " 0", " *").Replace(text))
	}
	lessons.Printf("              * a pill  . nothing more: the queue is closed\n\n")
	lessons.Para("saw", "Each task goes to one consumer. So does a pill: one consumer exits, and the others take the remaining"+
		" tasks. When main closes the queue, every consumer sees that.")
	return err
}

// drawFacts shows the rest of what experiments.go measures.
func drawFacts(ctx context.Context) error {
	lessons.Println()
	lessons.Para("also", "Five more experiments with queues, a pipe and a lock. The lock is a Mutex, a variable of the program.")
	lessons.Printf("\n  %-43s  %s\n", "what the processes do", "the result")
	for _, e := range []struct{ item, did, came string }{
		{"8b", "A puts 2 results, B puts 3; both are killed", "of A, of B:"},
		{"8e", "of 6 tasks 4 are taken, and 3 of these done", "Len, to do:"},
		{"8f", "main sees a task; another process takes it", "main's Get"},
		{"8d", "a child answers 11, 12 and 13, and exits", "first, last:"},
		{"8c", "main has a lock; two others want it", "order:"},
	} {
		came, err := experiments.Measure(ctx, e.item)
		if err != nil {
			return err
		}
		lessons.Printf("  %-43s  %s %s\n", e.did, e.came, came)
	}
	lessons.Println()
	lessons.Para("saw", "A queue keeps the items of a process that has ended, and a pipe keeps its messages. That a queue is"+
		" empty does not mean that all tasks are done. Each process has its own Mutex, so the child did not wait for main.")
	return nil
}
