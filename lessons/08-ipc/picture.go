package main

// The plan, the picture and the texts. You need not read this file to understand main.go.

import (
	"context"
	_ "embed"
	"fmt"
	"processbook/lessons"
	"strings"
)

//go:embed main.go
var source string

var lesson = lessons.Lesson{
	Number:   8,
	Title:    "How do processes talk?",
	Mirrors:  "examples 6, 8",
	Plan:     func() string { return plan },
	Picture:  picture,
	Try:      "-plain, five times: is the order of the results the same?",
	Facts:    experiments,
	AnyOrder: true,
	Source:   source,
	Sum:      "167f6314",
}

const plan = "Example 6: main puts a box with x = 7 into a queue. A child gets the box, and opens it. Example 8: main starts 2 consumers," +
	" which wait for tasks. Main asks one more child a question through a pipe, and this child answers with the question's length. Then" +
	" main puts 10 tasks into a queue, and closes it. The consumers do all tasks. The system decides the order of their results."

func picture(ctx context.Context, run *lessons.Run) error {
	saw := fmt.Sprintf("Main's exit code is %d. Numbers to test in main.go: %d. The word \"prime\" is in the output this many times: %d.",
		run.Main().Code, len(numbers), strings.Count(run.Output, "prime"))
	for _, child := range run.Lives[1:] {
		saw += " " + child.Name + " " + child.End() + "."
	}
	saw += map[bool]string{true: " If Get or Recv returns an error, the value is 0."}[strings.Contains(run.Output, " 0\n")]
	lessons.Para("saw", "%s A consumer that is ready takes the next task, so one may do more than the other. If a consumer ends before it"+
		" calls TaskDone, its task goes to another consumer, if there is one.", saw)
	mine := &chest{10}
	child, err := ask(ctx, mine, 20, 99, 0)
	if err != nil {
		return err
	}
	lessons.Section("Main puts a box with x = 10 into a queue, and then sets its own x to 20. A child gets the box. Through a pipe, main"+
		" asks for x two times. Between the answers, the child sets its x to 99.",
		fmt.Sprintf("  main        child\n  +--------+  +--------+\n  | x = %d |  | x = %s |\n  | x = %[1]d |  | x = %[3]s |\n"+
			"  +--------+  +--------+\n", mine.X, child[0], child[1]), "The child has a copy of the box. A message is always a copy.")
	return drawFacts(ctx)
}

func drawFacts(ctx context.Context) error {
	table := ""
	for _, row := range [][3]string{ // a question of the quiz, what is done, and the result
		{"8b", "A puts 2 results, B puts 3; both are killed", "main gets _ of A, _ of B"},
		{"8g", "4 consumers, 3 tasks, a pill, and 7 tasks", "_ tasks done, _ consumer exits"},
		{"8e", "of 6 tasks 4 are taken, 3 of these are done", "Len says _; _ are not done"},
		{"8f", "Len sees a task; another process takes it", "main's Get _"},
		{"8d", "a child sends 11, 12 and 13, and exits", "main gets _ first, _ last"},
		{"8c", "a child and a goroutine lock, main unlocks", "order: _, _, _"},
	} {
		fact, err := experiments.Measure(ctx, row[0])
		if err != nil {
			return err
		}
		for _, word := range strings.Fields(strings.ReplaceAll(fact, ",", "")) {
			row[2] = strings.Replace(row[2], "_", word, 1)
		}
		table += fmt.Sprintf("  %-43s  %s\n", row[1], row[2])
	}
	lessons.Section("Six more experiments. A and B are processes. A pill is an item that means \"exit\". In the last row below, main has locked a Mutex,"+
		" a variable of the program. Then a child and a goroutine of main call Lock, and main calls Unlock. In which order do these three calls return?", table,
		"When a process has ended, its items stay in the queue, and its messages stay in the pipe. Each item, also a pill, goes"+
			" to one consumer. Len does not reserve a task. An empty queue does not mean that all tasks are done. Each process"+
			" has its own Mutex, so the child did not wait for main.")
	return nil
}
