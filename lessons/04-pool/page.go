package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"processbook/lessons"
	"processbook/mp"
)

// The numbers of example 8.
var example8 = []int{2, 36, 101, 193, 323, 513, 1327, 100000, 9999999, 433785907}

// tell is the lesson's page: the plan, both ways, what they have shown.
func tell(ctx context.Context, hold, workers int) error {
	if !lesson.Plan("Which of ten numbers are prime? Ask a Process for each of them, with a queue for the answers;"+
		" then ask a Pool of %d. Both times number %d of the ten, which is %d, is held back until the others are done. Last, a task fails.",
		workers, hold, example8[hold-1]) {
		return nil
	}
	ctx, stop := context.WithTimeout(ctx, 2*lessons.Limit)
	defer stop()
	each, err := ask(hold, func(tasks []Task) ([]Answer, error) { return byProcesses(ctx, inTurn(tasks)) })
	if err != nil {
		return err
	}
	pools, err := ask(hold, func(tasks []Task) ([]Answer, error) { return byPool(ctx, workers, tasks) })
	if err != nil {
		return err
	}
	lessons.Print(table(each, pools, hold))
	lessons.Figure(lanes(pools))
	came, given := find(each, hold), find(pools, hold)
	lessons.Para("saw", "%d was asked for as number %d. The queue had its answer as number %d. In the pool it was done as"+
		" number %d, and Map has it as number %d.", example8[hold-1], hold, came+1, pools[given].Place, given+1)
	kept := "No worker lived on for another task."
	if busiest(pools) > 1 {
		kept = "A worker lives on for the next task, and its variables with it."
	}
	lessons.Para("saw", "A Process each: %s. A Pool of %d: %s. %s", shares(each), workers, shares(pools), kept)
	if err := tellFailure(ctx); err != nil {
		return err
	}
	lessons.Para("try", "-hold 5, -hold 10, -workers 4 (more than once)")
	return nil
}

// tellFailure is about a pool whose task fails.
func tellFailure(ctx context.Context) error {
	tickets, err := lessons.NewTickets()
	if err != nil {
		return err
	}
	defer tickets.Remove()
	despite, after, failed, err := failOnce(ctx, tickets)
	if err != nil {
		return err
	}
	why := failed.Error()
	if told := new(mp.RemoteError); errors.As(failed, &told) {
		why = told.Message
	}
	lessons.Para("saw", "Of three tasks the second failed: Map gave %d results and an error, \"%s\"."+
		" Then the same pool was given three good tasks: %d results.", despite, why, after)
	return nil
}

// ask asks for the ten numbers, with tickets of their own.
func ask(hold int, way func([]Task) ([]Answer, error)) ([]Answer, error) {
	tickets, err := lessons.NewTickets()
	if err != nil {
		return nil, err
	}
	defer tickets.Remove()
	answers, err := way(questions(tickets, hold, example8...))
	if err != nil {
		lessons.EndChildren()
	}
	if err == nil && (len(answers) != len(example8) || find(answers, hold) < 0) {
		err = fmt.Errorf("%d answers to %d questions: %s", len(answers), len(example8), numbers(answers))
	}
	return answers, err
}

// find returns where the answer is to the question that was held back.
func find(answers []Answer, hold int) int {
	return slices.IndexFunc(answers, func(a Answer) bool { return a.N == example8[hold-1] })
}

// shares tells how many processes did how many tasks.
func shares(answers []Answer) string {
	n, most := processes(answers), busiest(answers)
	switch {
	case most == 1:
		return fmt.Sprintf("%d processes did 1 task each", n)
	case n == 1:
		return fmt.Sprintf("1 process did all %d tasks", len(answers))
	}
	return fmt.Sprintf("%d processes did %d tasks, the busiest %d of them", n, len(answers), most)
}

// busiest is how many tasks a process did at most.
func busiest(answers []Answer) (most int) {
	for _, a := range answers {
		most = max(most, a.Seen)
	}
	return most
}

// table has both lists of answers beside the questions.
func table(each, pools []Answer, hold int) string {
	var b strings.Builder
	row := func(asked any, came, given string) {
		fmt.Fprintln(&b, strings.TrimRight(fmt.Sprintf("%-10v   %-30s   %s", asked, came, given), " "))
	}
	row("asked for", "a Process each: the queue has", "a Pool: Map returns")
	for i, n := range example8 {
		came, given := each[i].String(), pools[i].String()
		if i == find(each, hold) && i == len(each)-1 {
			came += " <- came last"
		}
		if i == find(pools, hold) && pools[i].Place == len(pools) {
			given += " <- done last"
		}
		row(n, came, given)
	}
	return b.String()
}

func (a Answer) String() string {
	if a.Prime {
		return fmt.Sprintf("%-9d  prime", a.N)
	}
	return fmt.Sprintf("%-9d  no   ", a.N)
}

// lanes has a row for each of the pool's workers.
func lanes(answers []Answer) string {
	var pids []int
	did := make(map[int][]Answer)
	for _, a := range answers {
		if !slices.Contains(pids, a.PID) {
			pids = append(pids, a.PID)
		}
		did[a.PID] = append(did[a.PID], a)
	}
	var b strings.Builder
	b.WriteString("worker's PID  what it did\n")
	for _, pid := range pids {
		fmt.Fprintf(&b, "%-12s  %s\n", lessons.PID(pid), numbers(did[pid]))
	}
	return b.String()
}
