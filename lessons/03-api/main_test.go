package main

import (
	"context"
	"strings"
	"testing"

	"processbook/lessons"
	"processbook/mp"
)

func TestMain(m *testing.M) {
	mp.Init()
	lessons.RunTests(m, main)
}

func TestOutput(t *testing.T) {
	if err := lessons.Prints(main, output); err != nil {
		t.Error(err)
	}
}

const output = `LESSON 3  What does the module offer?                     (examples 1, 2, 8)

plan   main makes a Process, starts it, joins it twice, and starts it once
       more. The child waits for a word from main, which comes between the
       joins, and calls os.Exit(7). Then a pool of 3 is given 9 tasks.

call in main     PID      child   what the call gave
mp.NewProcess    -          .     a value, *mp.Process
p.Start          #1         |     nil; the child says "I run"
p.Join, 20 ms    #1         |     context deadline exceeded
p.Join           #1         7     exit code 7
p.Start          #1         7     a process is started only once
                         . none  | runs  a number: its exit code

pool.Map gave    1 4 9 16 25 36 49 64 81

worker's PID     its tasks
#2               [] [] []
#3               [] [] []
#4               [] [] []
                 [] a task; tasks below one another ran at the same time

saw    When NewProcess returned, the child was not there; when Start
       returned, it was running; when the short Join returned, it was
       running; when Join returned, it had ended. What the second Start
       gave: a process is started only once.
saw    9 tasks were done by 3 processes. Workers alive after Map: 3, after
       Close: 0. A pool keeps its workers for the next task.
try    -code 0, -workers 1, -workers 9
`

func TestFacts(t *testing.T) {
	want := map[string]string{
		"3a": "0",
		"3b": "B A C",
		"3c": "7 0",
		"3d": "an error",
		"3e": "3",
		"3f": "3 0",
	}
	if err := experiments.Check(t.Context(), want); err != nil {
		t.Error(err)
	}
}

func TestNothingIsToldAfterCtrlC(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	_, plan, _ := strings.Cut(output, "\n\n")
	plan, _, _ = strings.Cut(plan, "call in main")
	if err := lessons.Prints(func() { tell(ctx, 7, 3) }, plan); err != nil {
		t.Error(err)
	}
}

func TestTheCodeIsTheChilds(t *testing.T) {
	for _, code := range []int{0, 1, 255} {
		l := life(t.Context(), code)
		if m := l[3]; m.alive || !m.ended || m.code != code {
			t.Errorf("after %s: alive %t, ended %t, code %d; want code %d", m.call, m.alive, m.ended, m.code, code)
		}
	}
}

// However many workers there are, each does as many tasks as the others, or
// one more: tasks that are at work at the same time need a worker each.
func TestEveryWorkerHasItsShare(t *testing.T) {
	for workers := 1; workers <= size; workers++ {
		w, err := meeting(t.Context(), workers, size)
		if err != nil || w.Failed != nil {
			t.Fatal(err, w.Failed)
		}
		for i, s := range w.shares() {
			want := size / workers
			if i < size%workers {
				want++
			}
			if s.tasks != want {
				t.Errorf("%d workers: one of them did %d tasks, want %d", workers, s.tasks, want)
			}
		}
		for i, a := range w.Answers {
			if a.Square != (i+1)*(i+1) {
				t.Errorf("Map's result %d is %d, want %d", i, a.Square, (i+1)*(i+1))
			}
		}
		if w.AfterMap != workers || w.AfterClose != 0 {
			t.Errorf("%d workers: %d after Map and %d after Close, want %d and 0", workers, w.AfterMap, w.AfterClose, workers)
		}
	}
}

// Whoever is left holds the standard output that all of the family share, so
// its end is the end of everybody.
func TestNobodyIsLeftAfterTheStory(t *testing.T) {
	for _, args := range []string{"-plan", "-code 0", "-code 255 -workers 1", "-workers 9", "-facts"} {
		cmd := lessons.Command(strings.Fields(args)...)
		cmd.WaitDelay = lessons.Limit
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", args, err, out)
		}
		if plan := strings.Count(string(out), "\n"); args == "-plan" && plan > 6 {
			t.Errorf("-plan does not stop after the plan:\n%s", out)
		}
	}
}

func TestWrongArgumentsAreOneSentence(t *testing.T) {
	for _, args := range []string{"-join 1", "-code", "-code x", "-code -1", "-code 256", "-workers 0", "-workers 10", "-free", "3"} {
		if err := lessons.Refused(args); err != nil {
			t.Error(err)
		}
	}
}
