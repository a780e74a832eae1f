package main

// What the lesson plans, draws and says: its program is in main.go, and nobody
// has to read this file to understand it.

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
	lessons.Para("saw", "%s", saw(run))
	if run.Changed {
		lessons.Para("note", "The rest is not about your program. It is measured in experiments.go.")
	}
	x, events, err6 := example6(ctx)
	done, join, err7 := example7(ctx)
	c, err8 := example8(ctx)
	ends, err := endsOfPipe(ctx)
	if err = errors.Join(err6, err7, err8, err); err != nil {
		return err
	}
	drawBoxes(x, events)
	drawEmpty(done, join)
	drawTurns(c)
	drawPipes(strings.Split(ends, ", "))
	return nil
}

// saw says how the processes ended.
func saw(run *lessons.Run) string {
	text := fmt.Sprintf("Main's exit code is %d.", run.Main().Code)
	for _, child := range run.Lives[1:] {
		text += " " + child.Name + " " + child.End() + "."
	}
	return text
}

func drawBoxes(x [4]string, events []string) {
	lessons.Println()
	lessons.Para("also", "The box again, step by step, and a lock. Main locks a Mutex, a variable of the program."+
		" The child and a goroutine of main ask for it. Then main unlocks it.")
	lessons.Printf("\n  main        child\n  +--------+  +--------+\n")
	lessons.Printf("  | x = %2s |  | x = %2s |  main has set its x to 20\n", x[0], x[1])
	lessons.Printf("  | x = %2s |  | x = %2s |  then the child has set its x to 99\n", x[2], x[3])
	lessons.Printf("  +--------+  +--------+\n\n")
	lessons.Para("lock", "%s", strings.Join(events, ", "))
	lessons.Para("saw", "The child has a copy of the box. It also has its own Mutex, which nobody has locked."+
		" The goroutine asks for the Mutex that main has. A Mutex is for the threads of one process.")
}

func drawEmpty(done int, join string) {
	lessons.Println()
	lessons.Para("also", "Example 7: 4 consumers exit when the queue looks empty. They look before main puts 10 tasks.")
	lessons.Printf("\n  tasks done   main's Join\n  %10d   %s\n\n", done, join)
	lessons.Para("saw", "%s", sawEmpty(done, join))
}

func sawEmpty(done int, join string) string {
	return fmt.Sprintf("%d tasks are done. An empty queue can mean that all is done, but also that nothing has come yet."+
		" Main's Join %s: it counts unfinished tasks, not consumers. In the chapter's program timing decides when a"+
		" consumer looks. So it hangs in some runs only.", done, join)
}

// drawTurns draws what each taker said, turn by turn.
func drawTurns(c *crew) {
	lessons.Println()
	lessons.Para("also", "Example 8, with turns, and with a pill: a message that means \"exit\". 4 consumers take 10 tasks and 1 pill."+
		" A column is a turn. In it stand the task that a consumer took and the result that it put: is it prime?")
	lessons.Println()
	for _, p := range c.takers {
		row := "  " + p.Name
		for _, r := range c.said {
			if r.By == p.Name {
				row += fmt.Sprintf("  %-13s", r.Text)
			}
		}
		lessons.Println(strings.TrimRight(row, " "))
	}
	lessons.Printf("%14s* a pill  . waits until main closes the queue\n\n", "")
	lessons.Para("saw", "A task goes to one consumer. All consumers put results into one queue, and each result says who put it."+
		" A pill is a message, so it goes to one consumer, too: %d of %d exited. The other %d waited until main closed the"+
		" queue. Every consumer sees that.", c.count(tookPill), len(c.takers), c.count(isClosed))
}

func drawPipes(ends []string) {
	lessons.Println()
	lessons.Para("also", "Two processes send a message to main, each through its own pipe. One is killed after that message,"+
		" the other in the middle of its next one. What does main receive then?")
	lessons.Printf("\n  the sender is killed         main receives\n")
	lessons.Printf("  between two messages         %s\n  in the middle of a message   %s\n\n", ends[0], ends[1])
	lessons.Para("saw", "When a process ends, the system closes its pipes. So the reader does not wait forever, and it knows"+
		" whether the last message was complete.")
}
