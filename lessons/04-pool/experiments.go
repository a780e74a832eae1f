package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"processbook/lessons"
	"processbook/mp"
)

var experiments = lessons.Facts{
	"4a": ticketed(orderOfMap),
	"4b": ticketed(orderOfQueue),
	"4c": ticketed(processesForTasks),
	"4d": ticketed(thirdTaskSees),
	"4e": ticketed(resultsDespiteFailure),
	"4f": ticketed(orderOfUnordered),
}

// ticketed gives an experiment tickets of its own.
func ticketed(f func(context.Context, lessons.Tickets) (string, error)) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		tickets, err := lessons.NewTickets()
		if err != nil {
			return "", err
		}
		defer tickets.Remove()
		fact, err := f(ctx, tickets)
		if err != nil {
			lessons.EndChildren()
		}
		return fact, err
	}
}

// A Task is a question. Only values can ride in it: the worker that gets it
// runs already, and pipes and queues ride with a process that starts.
type Task struct {
	N       int
	Tickets lessons.Tickets // one is taken for each task that is done
	After   int             // it is not done before so many others
}

// An Errand is a task for a Process, which takes the queue along.
type Errand struct {
	Task    Task
	Answers *mp.Queue[Answer]
}

// An Answer says also who gave it, and when.
type Answer struct {
	N     int
	Prime bool
	Name  string // of the process that gave it
	PID   int
	Seen  int // how many tasks that process had seen by then
	Place int // among those that are done
}

// tasksSeen is a variable like any other: each process has its own.
var tasksSeen int

// do finds the answer, and waits until it may be given.
func (t Task) do() (Answer, error) {
	tasksSeen++
	a := Answer{N: t.N, Name: mp.Current().Name, PID: os.Getpid(), Seen: tasksSeen}
	if t.N < 0 {
		return a, fmt.Errorf("%d is no natural number", t.N)
	}
	a.Prime = t.N > 1
	for d := 2; d*d <= t.N; d++ {
		a.Prime = a.Prime && t.N%d != 0
	}
	return a, t.Tickets.Wait(t.After)
}

// done lets those who wait know that one more is done. In a pool that is for
// the worker to say, since main hears nothing until Map returns; of a Process's
// answer main says it, when it has it.
func (t Task) done(a *Answer) (err error) {
	a.Place, err = t.Tickets.Take()
	return err
}

// questions makes tasks of numbers. The one that is to be the last is held back
// until all others are done. The others wait for nobody: in a pool that would
// be dangerous, for who waits keeps a worker from the task that it waits for.
func questions(tickets lessons.Tickets, last int, numbers ...int) []Task {
	var tasks []Task
	for _, n := range numbers {
		tasks = append(tasks, Task{N: n, Tickets: tickets})
	}
	tasks[last-1].After = len(tasks) - 1
	return tasks
}

// inTurn lets also the others be done one after the other. Each must have a
// process of its own. It is there so that there is one order to be seen and not
// another one each time.
func inTurn(tasks []Task) []Task {
	turn := 0
	for i := range tasks {
		if tasks[i].After == 0 {
			tasks[i].After = turn
			turn++
		}
	}
	return tasks
}

// numbers are the numbers of the answers.
func numbers(answers []Answer) string {
	var all []string
	for _, a := range answers {
		all = append(all, fmt.Sprint(a.N))
	}
	return strings.Join(all, " ")
}

// 4a measures the order of Map's results. The first task was the last to be
// done, so the order of the answers is another one, which many expect.
func orderOfMap(ctx context.Context, tickets lessons.Tickets) (string, error) {
	answers, err := byPool(ctx, 2, questions(tickets, 1, 1, 2, 3))
	for _, a := range answers {
		if err == nil && a.N == 1 && a.Place != len(answers) {
			err = fmt.Errorf("task 1 was not held back: it was number %d", a.Place)
		}
	}
	return numbers(answers), err
}

// 4b measures the order in which the same tasks' answers come out of a queue.
// Many expect that of starting.
func orderOfQueue(ctx context.Context, tickets lessons.Tickets) (string, error) {
	answers, err := byProcesses(ctx, inTurn(questions(tickets, 1, 1, 2, 3)))
	return numbers(answers), err
}

// 4c counts the processes that do eighteen tasks in two lots. Two tasks of the
// first lot are held back, so that all of the pool's workers are needed. Many
// expect new workers for the second lot.
func processesForTasks(ctx context.Context, tickets lessons.Tickets) (string, error) {
	lot := questions(tickets, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	lot[0].After, lot[1].After = 7, 7
	pool := mp.NewPool(pooled, 3)
	defer pool.Close()
	var pools, each []Answer
	var err error
	for range 2 {
		some, failed := pool.Map(ctx, lot)
		pools, err = append(pools, some...), errors.Join(err, failed)
	}
	for range 2 {
		some, failed := byProcesses(ctx, lot)
		each, err = append(each, some...), errors.Join(err, failed)
	}
	return fmt.Sprintf("%d %d", processes(pools), processes(each)), err
}

// processes counts who gave the answers. The system may give a number again
// when its process has ended, but then the name is another one.
func processes(answers []Answer) int {
	who := make(map[string]bool)
	for _, a := range answers {
		who[fmt.Sprint(a.Name, a.PID)] = true
	}
	return len(who)
}

// 4d measures what the third task finds in a variable that every task adds 1
// to: in a pool of one, and in the third of three Processes. Many expect that a
// task in a pool begins afresh.
func thirdTaskSees(ctx context.Context, tickets lessons.Tickets) (string, error) {
	tasks := questions(tickets, 3, 1, 2, 3)
	var seen [2]int
	pools, err := byPool(ctx, 1, tasks)
	each, failed := byProcesses(ctx, tasks)
	for i, answers := range [][]Answer{pools, each} {
		for _, a := range answers {
			if a.N == 3 {
				seen[i] = a.Seen
			}
		}
	}
	return fmt.Sprintf("%d %d", seen[0], seen[1]), errors.Join(err, failed)
}

// 4e counts the results that Map gives although a task fails, and those that
// the same pool gives after that. Many expect 0 and 0: that the failure is the
// pool's.
func resultsDespiteFailure(ctx context.Context, tickets lessons.Tickets) (string, error) {
	despite, after, _, err := failOnce(ctx, tickets)
	return fmt.Sprintf("%d %d", despite, after), err
}

// failOnce lets the second of three tasks fail, and gives the same pool three
// good tasks after that. It counts the results of both.
func failOnce(ctx context.Context, tickets lessons.Tickets) (despite, after int, failed, err error) {
	pool := mp.NewPool(pooled, 2)
	defer pool.Close()
	some, failed := pool.Map(ctx, questions(tickets, 3, 1, -2, 3))
	if failed == nil {
		return 0, 0, nil, errors.New("no error has come of a task that failed")
	}
	all, err := pool.Map(ctx, questions(tickets, 3, 1, 2, 3))
	return given(some), given(all), failed, err
}

// given counts the results that are there; a failed task leaves an empty one.
func given(answers []Answer) (n int) {
	for _, a := range answers {
		if a != (Answer{}) {
			n++
		}
	}
	return n
}

// 4f measures the order of ImapUnordered. Main takes a ticket for each answer
// that it has, and the first task waits for these, too. Many expect that a pool
// puts everything in order.
func orderOfUnordered(ctx context.Context, tickets lessons.Tickets) (string, error) {
	tasks := questions(tickets, 1, 1, 2, 3)
	tasks[0].After = 4 // two were done, and main has two answers
	pool := mp.NewPool(pooled, 2)
	defer pool.Close()
	var came []Answer
	var err error
	for a, failed := range pool.ImapUnordered(ctx, slices.Values(tasks)) {
		_, untaken := tickets.Take()
		came, err = append(came, a), errors.Join(err, failed, untaken)
	}
	return numbers(came), err
}
