package main

// The experiments of the quiz, and of the lesson's last table. You need not read
// this file to understand main.go. There a task sleeps; here it waits for tickets,
// so a slow machine cannot change the results.

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"

	"processbook/lessons"
	"processbook/mp"
)

var experiments = lessons.Facts{
	"4a": with(3, 4, orderOfMap),
	"4b": with(4, 5, linesOfAllWays),
	"4c": with(9, 6, processesForTasks),
	"4d": with(3, 5, lastTaskSees),
	"4e": with(3, 4, resultsDespiteFailure),
	"4f": with(6*runtime.NumCPU(), 12*runtime.NumCPU(), ticksOfWaiting),
}

// A Task takes a ticket when it begins, and one when it ends. Numbered tickets are
// files: a queue cannot be passed with a task, because a worker has already started.
type Task struct {
	N       int
	Tickets lessons.Tickets
	After   int // the task ends only after this many tickets are taken
}

// A Result also says what happened in its process.
type Result struct {
	N            int
	Process      string
	Seen         int // how many tasks the process has seen
	Began, Ended int // the numbers of the task's tickets
}

// tasksSeen is a variable like any other: each process has its own.
var tasksSeen int

func (t Task) do() (Result, error) {
	tasksSeen++
	if t.N < 0 {
		return Result{}, fmt.Errorf("%d is not a natural number", t.N)
	}
	began, e1 := t.Tickets.Take()
	e2 := t.Tickets.Wait(t.After)
	ended, e3 := t.Tickets.Take()
	return Result{t.N, mp.Current().Name, tasksSeen, began, ended}, errors.Join(e1, e2, e3)
}

// with gives an experiment tasks, numbered from 1, and tickets for them. In form 2
// of the worksheet, the number of tasks is different.
func with(first, second int, f func(context.Context, []Task) (string, error)) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		tickets, err := lessons.NewTickets()
		if err != nil {
			return "", err
		}
		defer tickets.Remove()
		var tasks []Task
		for i := range lessons.Form(first, second) {
			tasks = append(tasks, Task{N: i + 1, Tickets: tickets})
		}
		return f(ctx, tasks)
	}
}

var pooled = mp.Func("pooled", Task.do)

// mapped does tasks with a pool.
func mapped(ctx context.Context, workers int, tasks []Task) ([]Result, error) {
	pool := mp.NewPool(pooled, workers)
	defer pool.Close()
	return pool.Map(ctx, tasks)
}

// A Job is a task for a Process, and a pipe for its result.
type Job struct {
	Task   Task
	ToMain *mp.Conn[Result, mp.None]
}

var alone = mp.Proc("alone", func(j Job) error {
	r, err := j.Task.do()
	return errors.Join(err, j.ToMain.Send(r))
})

// apart does each task with its own Process, one after the other.
func apart(ctx context.Context, tasks []Task) (results []Result, err error) {
	for _, t := range tasks {
		line, toMain := mp.Pipe[mp.None, Result]()
		p := mp.NewProcess(alone, Job{t, toMain})
		if err := p.Start(ctx); err != nil {
			return nil, err
		}
		r, lost := lessons.Recv(line)
		results, err = append(results, r), errors.Join(err, lost, lessons.Join(ctx, p))
	}
	return results, err
}

// 4a measures the order of Map's results. Task 1 ends when all have begun, and
// the others have ended. So many expect its result at the end.
func orderOfMap(ctx context.Context, tasks []Task) (string, error) {
	tasks[0].After = 2*len(tasks) - 1
	results, err := mapped(ctx, 2, tasks)
	var order []string
	for _, r := range results {
		order = append(order, fmt.Sprint(r.N))
	}
	return strings.Join(order, " "), err
}

// 4b counts the lines that main has printed when task 2 ends (in form 2, task 3),
// after all others: with Map, Imap and ImapUnordered. Main prints a line for each
// result, and here it also takes a ticket. Many expect that Imap gives each result
// when it comes.
func linesOfAllWays(ctx context.Context, tasks []Task) (string, error) {
	pool, args := mp.NewPool(pooled, 2), slices.Values(tasks)
	defer pool.Close()
	byMap := func(yield func(Result, error) bool) {
		list, err := pool.Map(ctx, tasks)
		for _, r := range list {
			yield(r, err)
		}
	}
	last := lessons.Form(1, 2) // the place of that task
	var printed []string
	var err error
	for i, way := range []iter.Seq2[Result, error]{byMap, pool.Imap(ctx, args), pool.ImapUnordered(ctx, args)} {
		taken := i*3*len(tasks) + 2*len(tasks) - 1                    // when all others have ended
		tasks[last].After = taken + []int{0, last, len(tasks) - 1}[i] // if main cannot print these lines, the task never ends
		for r, failed := range way {
			_, untaken := tasks[0].Tickets.Take()
			err = errors.Join(err, failed, untaken)
			if r.N == last+1 {
				printed = append(printed, fmt.Sprint(r.Ended-1-taken))
			}
		}
	}
	return strings.Join(printed, " "), err
}

// 4c counts the processes that do all tasks twice: the workers of one pool, and a
// Process for each task. Tasks 1 and 2 end last, so the pool needs all its three
// workers. Many expect new workers for the second Map.
func processesForTasks(ctx context.Context, tasks []Task) (string, error) {
	tasks[0].After = 2*len(tasks) - 2
	tasks[1].After = tasks[0].After
	pool := mp.NewPool(pooled, 3)
	defer pool.Close()
	a, e1 := pool.Map(ctx, tasks)
	b, e2 := pool.Map(ctx, tasks)
	c, e3 := apart(ctx, tasks)
	d, e4 := apart(ctx, tasks)
	return fmt.Sprintf("%d %d", processes(a, b), processes(c, d)), errors.Join(e1, e2, e3, e4)
}

func processes(lists ...[]Result) int {
	different := make(map[string]bool)
	for _, r := range slices.Concat(lists...) {
		different[r.Process] = true
	}
	return len(different)
}

// 4d measures what the last task finds in a variable that every task adds 1 to: in a
// pool of one, and in the last of several Processes. Many expect that a task in a
// pool begins with new variables.
func lastTaskSees(ctx context.Context, tasks []Task) (string, error) {
	pools, failed := mapped(ctx, 1, tasks)
	each, err := apart(ctx, tasks)
	if err = errors.Join(failed, err); err != nil {
		return "", err
	}
	last := len(tasks) - 1
	return fmt.Sprintf("%d %d", pools[last].Seen, each[last].Seen), nil
}

// 4e counts the results that Map gives although a task fails, and those that the
// same pool gives after that. Many expect 0 and 0: that the failure is the pool's.
func resultsDespiteFailure(ctx context.Context, tasks []Task) (string, error) {
	pool := mp.NewPool(pooled, 2)
	defer pool.Close()
	bad := slices.Clone(tasks)
	bad[1].N = -2
	some, failed := pool.Map(ctx, bad)
	if failed == nil {
		return "", errors.New("a task failed, and Map returned no error")
	}
	all, err := pool.Map(ctx, tasks)
	empty := func(r Result) bool { return r == Result{} } // in the place of a failed task
	return fmt.Sprintf("%d %d", len(slices.DeleteFunc(some, empty)), len(slices.DeleteFunc(all, empty))), err
}

// 4f measures how many processes wait at the same time in a pool with two workers
// for each CPU (in form 2, three): each task ends only after all workers have begun
// one. A task takes a tick, so that tells how many ticks all of them take. Many
// expect that only one task for each CPU can wait.
func ticksOfWaiting(ctx context.Context, tasks []Task) (string, error) {
	workers := lessons.Form(2, 3) * runtime.NumCPU()
	for i := range tasks {
		tasks[i].After = workers
	}
	results, err := mapped(ctx, workers, tasks)
	if err != nil {
		return "", err
	}
	atOnce := slices.DeleteFunc(results, func(r Result) bool { return r.Began > workers })
	return fmt.Sprint(len(tasks) / processes(atOnce)), nil
}
