package main

import (
	"fmt"
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

const output = `LESSON 4  Process or Pool?                             (example 8's numbers)

plan   Which of ten numbers are prime? Ask a Process for each of them, with
       a queue for the answers; then ask a Pool of 2. Both times number 1 of
       the ten, which is 2, is held back until the others are done. Last, a
       task fails.

asked for    a Process each: the queue has    a Pool: Map returns
2            36         no                    2          prime <- done last
36           101        prime                 36         no
101          193        prime                 101        prime
193          323        no                    193        prime
323          513        no                    323        no
513          1327       prime                 513        no
1327         100000     no                    1327       prime
100000       9999999    no                    100000     no
9999999      433785907  prime                 9999999    no
433785907    2          prime <- came last    433785907  prime

worker's PID  what it did
#1            2
#2            36 101 193 323 513 1327 100000 9999999 433785907

saw    2 was asked for as number 1. The queue had its answer as number 10.
       In the pool it was done as number 10, and Map has it as number 1.
saw    A Process each: 10 processes did 1 task each. A Pool of 2: 2
       processes did 10 tasks, the busiest 9 of them. A worker lives on for
       the next task, and its variables with it.
saw    Of three tasks the second failed: Map gave 2 results and an error,
       "-2 is no natural number". Then the same pool was given three good
       tasks: 3 results.
try    -hold 5, -hold 10, -workers 4 (more than once)
`

func TestFacts(t *testing.T) {
	want := map[string]string{
		"4a": "1 2 3",
		"4b": "2 3 1",
		"4c": "3 18",
		"4d": "3 1",
		"4e": "2 3",
		"4f": "2 3 1",
	}
	if err := experiments.Check(t.Context(), want); err != nil {
		t.Error(err)
	}
}

// The chapter's Python finds these primes among its ten numbers.
func TestPrimes(t *testing.T) {
	const want = "2 101 193 1327 433785907"
	answers, err := ask(1, func(tasks []Task) ([]Answer, error) { return byPool(t.Context(), 2, tasks) })
	if err != nil {
		t.Fatal(err)
	}
	var primes []Answer
	for _, a := range answers {
		if a.Prime {
			primes = append(primes, a)
		}
	}
	if numbers(primes) != want {
		t.Errorf("the primes are %s, want %s", numbers(primes), want)
	}
}

// Whatever is held back: the queue has it last, Map in its place.
func TestWhatIsHeldBackComesLastOrInItsPlace(t *testing.T) {
	for _, workers := range []int{2, 10} {
		for _, hold := range []int{1, 5, len(example8)} {
			t.Run(fmt.Sprintf("-hold %d -workers %d", hold, workers), func(t *testing.T) {
				each, err := ask(hold, func(tasks []Task) ([]Answer, error) { return byProcesses(t.Context(), inTurn(tasks)) })
				if err != nil {
					t.Fatal(err)
				}
				if got, want := find(each, hold), len(example8)-1; got != want {
					t.Errorf("in the queue it is at %d, want %d", got, want)
				}
				pools, err := ask(hold, func(tasks []Task) ([]Answer, error) { return byPool(t.Context(), workers, tasks) })
				if err != nil {
					t.Fatal(err)
				}
				if got := find(pools, hold); got != hold-1 || pools[got].Place != len(example8) {
					t.Errorf("Map has it at %d, and it was done as number %d, want %d and %d", got, pools[got].Place, hold-1, len(example8))
				}
			})
		}
	}
}

// Whoever is left holds the standard output that all of the family share, so
// its end is the end of everybody.
func TestNobodyIsLeftAfterTheStory(t *testing.T) {
	for _, args := range []string{"-plan", "-hold 5", "-hold 10 -workers 10", "-facts"} {
		cmd := lessons.Command(strings.Fields(args)...)
		cmd.WaitDelay = lessons.Limit
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", args, err, out)
		}
		if plan := strings.Count(string(out), "\n"); args == "-plan" && plan > 6 {
			t.Errorf("-plan does not stop after the plan:\n%s", out)
		}
		for line := range strings.Lines(string(out)) {
			if len(line) > 77 {
				t.Errorf("%s: longer than 76 columns: %q", args, line)
			}
		}
	}
}

func TestWrongArgumentsAreOneSentence(t *testing.T) {
	for _, args := range []string{"-last 1", "-hold", "-hold 0", "-hold 11", "-workers 1", "-workers 11", "-free", "4"} {
		if err := lessons.Refused(args); err != nil {
			t.Error(err)
		}
	}
}

func TestFewFiles(t *testing.T) {
	if err := lessons.Cramped(""); err != nil {
		t.Error(err)
	}
}
