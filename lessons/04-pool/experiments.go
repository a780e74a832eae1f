package main

// What the quiz asks, and the lesson's last table. Nobody has to read this file
// to understand main.go. There a task sleeps; here it waits for a message or a
// ticket, so no slow machine can change the order.

import (
	"context"
	"errors"
	"fmt"
	"iter"
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

// A Task is what both ways are given. No queue can be passed with a task of a
// pool: its worker has already started.
type Task struct {
	N       int
	Tickets lessons.Tickets // one is taken for each task that is done
	After   int             // the task waits until this many are taken
}

// A Job is a task for a Process, which gets the queue with it.
type Job struct {
	Task    Task
	Results *mp.Queue[Result]
}

// A Result says also which process it is from.
type Result struct {
	N    int
	Who  string // the name and PID of its process
	Seen int    // how many tasks that process has seen
}

// tasksSeen is a variable like any other: each process has its own.
var tasksSeen int

func (t Task) do() (Result, error) {
	tasksSeen++
	if t.N < 0 {
		return Result{}, fmt.Errorf("%d is not a natural number", t.N)
	}
	r := Result{N: t.N, Who: fmt.Sprint(mp.Current().Name, os.Getpid()), Seen: tasksSeen}
	return r, t.Tickets.Wait(t.After)
}

// worked is what the workers of a Pool run. The worker says that the task is
// done: main learns nothing until Map returns.
var worked = mp.Func("worked", func(t Task) (Result, error) {
	r, err := t.do()
	if err == nil {
		_, err = t.Tickets.Take()
	}
	return r, err
})

// queued is what a Process runs. Main says that the task is done, when it has
// the result.
var queued = mp.Proc("queued", func(j Job) error {
	r, err := j.Task.do()
	return errors.Join(err, j.Results.Put(context.Background(), r))
})

// mapped does tasks by a pool.
func mapped(ctx context.Context, workers int, tasks []Task) ([]Result, error) {
	pool := mp.NewPool(worked, workers)
	defer pool.Close()
	return pool.Map(ctx, tasks)
}

// apart does tasks by a Process each.
func apart(ctx context.Context, tasks []Task) (came []Result, err error) {
	results, processes := mp.NewQueue[Result](0), []*mp.Process{}
	for _, t := range tasks {
		p := mp.NewProcess(queued, Job{t, results})
		if err := p.Start(ctx); err != nil {
			return nil, err
		}
		processes = append(processes, p)
	}
	for _, t := range tasks {
		r, lost := results.Get(ctx)
		_, untaken := t.Tickets.Take()
		came, err = append(came, r), errors.Join(err, lost, untaken)
	}
	for _, p := range processes { // they end when ctx does
		err = errors.Join(err, p.Join(context.WithoutCancel(ctx)))
	}
	return came, err
}

// questions makes tasks of numbers. One of them waits until so many tickets are
// taken. The others wait for nothing: a waiting task keeps a worker busy.
func questions(tickets lessons.Tickets, waits, after int, numbers ...int) []Task {
	var tasks []Task
	for _, n := range numbers {
		tasks = append(tasks, Task{N: n, Tickets: tickets})
	}
	tasks[waits-1].After = after
	return tasks
}

// order is the numbers of the results.
func order(results []Result) string {
	var all []string
	for _, r := range results {
		all = append(all, fmt.Sprint(r.N))
	}
	return strings.Join(all, " ")
}

// 4a measures the order of Map's results. Task 1 waits for the tickets that the
// other tasks take when they are done, so the results come in another order,
// which many expect.
func orderOfMap(ctx context.Context, tickets lessons.Tickets) (string, error) {
	results, err := mapped(ctx, 2, questions(tickets, 1, 2, 1, 2, 3))
	return order(results), err
}

// 4b measures the order in which the same tasks' results come out of a queue.
// Task 3 waits for task 2. Many expect the order of starting.
func orderOfQueue(ctx context.Context, tickets lessons.Tickets) (string, error) {
	tasks := questions(tickets, 1, 2, 1, 2, 3)
	tasks[2].After = 1
	results, err := apart(ctx, tasks)
	return order(results), err
}

// 4c counts the processes that do eighteen tasks in two lots, or twelve. Two
// tasks of the first lot are held back, so that all of the pool's workers are
// needed. Many expect new workers for the second lot.
func processesForTasks(ctx context.Context, tickets lessons.Tickets) (string, error) {
	n := lessons.Form(9, 6)
	lot := questions(tickets, 1, n-2, 1, 2, 3, 4, 5, 6, 7, 8, 9)[:n]
	lot[1].After = n - 2
	pool := mp.NewPool(worked, 3)
	defer pool.Close()
	var pools, each []Result
	var err error
	for range 2 {
		some, failed := pool.Map(ctx, lot)
		pools, err = append(pools, some...), errors.Join(err, failed)
	}
	for range 2 {
		some, failed := apart(ctx, lot)
		each, err = append(each, some...), errors.Join(err, failed)
	}
	return fmt.Sprintf("%d %d", processes(pools), processes(each)), err
}

// processes counts the processes that the results are from.
func processes(results []Result) int {
	who := make(map[string]bool)
	for _, r := range results {
		who[r.Who] = true
	}
	return len(who)
}

// 4d measures what the third task finds in a variable that every task adds 1
// to: in a pool of one, and in the third of three Processes. Many expect that a
// task in a pool begins afresh.
func thirdTaskSees(ctx context.Context, tickets lessons.Tickets) (string, error) {
	tasks := questions(tickets, 3, 2, 1, 2, 3)
	pools, err := mapped(ctx, 1, tasks)
	each, failed := apart(ctx, tasks)
	if err := errors.Join(err, failed); err != nil {
		return "", err
	}
	third := slices.IndexFunc(each, func(r Result) bool { return r.N == 3 })
	return fmt.Sprintf("%d %d", pools[2].Seen, each[third].Seen), nil
}

// 4e counts the results that Map gives although a task fails, and those that
// the same pool gives after that. Many expect 0 and 0: that the failure is the
// pool's.
func resultsDespiteFailure(ctx context.Context, tickets lessons.Tickets) (string, error) {
	pool := mp.NewPool(worked, 2)
	defer pool.Close()
	some, failed := pool.Map(ctx, questions(tickets, 3, 0, 1, -2, 3))
	if failed == nil {
		return "", errors.New("no error has come of a task that failed")
	}
	all, err := pool.Map(ctx, questions(tickets, 3, 0, 1, 2, 3))
	none := func(r Result) bool { return r == Result{} } // a failed task leaves an empty one
	return fmt.Sprintf("%d %d", len(slices.DeleteFunc(some, none)), len(slices.DeleteFunc(all, none))), err
}

// 4f measures the order of ImapUnordered. Main takes a ticket for each result
// that it has, and task 1 waits for these, too. Many expect that a pool puts
// everything in order.
func orderOfUnordered(ctx context.Context, tickets lessons.Tickets) (string, error) {
	return yielded(ctx, tickets, 4, (*mp.Pool[Task, Result]).ImapUnordered)
}

// orderOfImap measures the same with Imap. Here main can have no result before
// that of task 1, so task 1 waits only until the others are done.
func orderOfImap(ctx context.Context, tickets lessons.Tickets) (string, error) {
	return yielded(ctx, tickets, 2, (*mp.Pool[Task, Result]).Imap)
}

type imap func(*mp.Pool[Task, Result], context.Context, iter.Seq[Task]) iter.Seq2[Result, error]

func yielded(ctx context.Context, tickets lessons.Tickets, after int, do imap) (string, error) {
	pool := mp.NewPool(worked, 2)
	defer pool.Close()
	var came []Result
	var err error
	for r, failed := range do(pool, ctx, slices.Values(questions(tickets, 1, after, 1, 2, 3))) {
		_, untaken := tickets.Take()
		came, err = append(came, r), errors.Join(err, failed, untaken)
	}
	return order(came), err
}
