package main

import (
	"context"
	"fmt"
	"slices"
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

const output = `LESSON 8  How do processes talk?                          (examples 6, 7, 8)

plan   Example 6, and a lock. Main locks a Mutex and puts a box with x = 10
       into a queue. A child gets the box. Then main sets x to 20. Then the
       child sets x to 99. Which x does each of them see? And who else can
       lock the Mutex: a goroutine of main, or the child?

               locks the Mutex   x after main's 20   x after the child's 99
  main         yes                              20                       20
    goroutine  no                               20                       20
  child        yes                              10                       99

saw    The child has a copy of the box. It does not see main's 20, and main
       does not see its 99. The child also has its own Mutex, and that one
       was free. A Mutex keeps out goroutines of its own process, not other
       processes.

plan   Main puts 10 tasks into a queue, and 4 consumers take them in turn.
       When does a consumer exit? In example 7, when it finds the queue
       empty. In example 8, when it takes a pill: a message that means
       "exit". After the tasks, main puts 1 pill. Example 7 runs twice: in
       the first run, the consumers look before main puts the tasks.

                                            tasks   consumers    main's
  a consumer exits when                      done   exit  wait   Join
  the queue is empty (first look early)         0      4     0   waits
  the queue is empty (first look late)         10      4     0   returns
  it takes a pill                              10      1     3   returns

  main puts   2 36 101 193 323 513 1327 100000 9999999 433785907 *
  Consumer 1  2    323     9999999    .
  Consumer 2  36   513     433785907  .
  Consumer 3  101  1327    *
  Consumer 4  193  100000  .
  main gets   5 prime, 5 not prime
              * a pill  . waits until main closes the queue

saw    The consumers that looked early did 0 of 10 tasks. An empty queue can
       mean that all is done, but also that nothing has come yet. Join would
       have waited forever: it counts unfinished tasks, and does not notice
       that no consumer is left. 1 pill made 1 of 4 consumers exit. A pill
       is a message, and only one process gets it. 3 consumers waited until
       main closed the queue: every consumer sees that.

plan   Two processes send hello to main, each through its own pipe. One is
       killed after that message, the other in the middle of its next one.
       What does main receive?

  the sender is killed         main receives
  between two messages         hello, then EOF
  in the middle of a message   hello, then a broken message

saw    When a process ends, the system closes its pipes. So the reader does
       not wait forever, and it knows whether the last message was complete.
try    -pills 4, -pills 6, -consumers 2
`

func TestFacts(t *testing.T) {
	want := map[string]string{
		"8a": "10 20",
		"8b": "2",
		"8c": "the child",
		"8d": "0",
		"8e": "waits",
		"8f": "1",
		"8g": "10 1",
		"8h": "EOF, a broken message",
	}
	if err := experiments.Check(t.Context(), want); err != nil {
		t.Error(err)
	}
}

func TestExample8WithAnyFlags(t *testing.T) {
	for _, consumers := range []int{1, 3, 8} {
		for _, pills := range []int{0, 1, 3, 8} {
			t.Run(fmt.Sprintf("%d consumers, %d pills", consumers, pills), func(t *testing.T) {
				ctx, stop := context.WithCancel(context.Background())
				defer stop()
				s, err := play(ctx, Script{Consumers: consumers, Pills: pills})
				if err != nil {
					t.Fatal(err)
				}
				left := min(consumers, pills)
				if s.done() != 10 || s.waited() != consumers-left || len(s.rest) != pills-left {
					t.Errorf("%d done, %d waited, %v is left; want 10, %d, and %d pills",
						s.done(), s.waited(), s.rest, consumers-left, pills-left)
				}
				if s.returned != (pills <= consumers) {
					t.Errorf("main's Join %s", s.joinDid())
				}
			})
		}
	}
}

func TestEachTaskGoesToOneConsumer(t *testing.T) {
	s, err := play(t.Context(), Script{Consumers: 3, Pills: 3})
	if err != nil {
		t.Fatal(err)
	}
	var taken []string
	for _, m := range s.crew {
		taken = append(taken, m.turns...)
	}
	want := []string{tookPill, tookPill, tookPill}
	for _, n := range numbers {
		want = append(want, sign(n))
	}
	slices.Sort(taken)
	slices.Sort(want)
	if !slices.Equal(taken, want) {
		t.Errorf("taken: %v; want %v", taken, want)
	}
	if s.answers[true] != 5 || s.answers[false] != 5 {
		t.Errorf("results: %v; want 5 primes of 10", s.answers)
	}
}

// What the lesson says is true for all values of its flags.
func TestOwnFlags(t *testing.T) {
	for _, test := range []struct {
		args string
		says []string // in this order
	}{
		{"-consumers 2 -pills 3", []string{"2 consumers take them", "main puts 3 pills.", "Consumer 2", "nobody *",
			"2 of 3 pills made both consumers exit.", "Nobody was left to take 1 pill,"}},
		{"-consumers 2 -pills 2", []string{"it takes a pill 10 2 0 returns", "2 pills made both consumers exit. A pill is a message, and only one process gets it. plan"}},
		{"-consumers 1 -pills 0", []string{"1 consumer takes them", "Without a pill, no consumer exited by itself.", "1 consumer waited until main closed the queue:"}},
		{"-consumers 1 -pills 8", []string{"9999999 433785907 *", "nobody *******", "1 of 8 pills made the only consumer exit.", "Nobody was left to take 7 pills,"}},
	} {
		cmd := lessons.Command(strings.Fields(test.args)...)
		cmd.WaitDelay = lessons.Limit // whoever is left holds the output open
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v", test.args, err)
		}
		rest := strings.Join(strings.Fields(string(out)), " ")
		for _, text := range test.says {
			_, after, found := strings.Cut(rest, text)
			if !found {
				t.Fatalf("%s: no %q in %q; all of it:\n%s", test.args, text, rest, out)
			}
			rest = after
		}
		for line := range strings.Lines(string(out)) {
			if line = strings.TrimSuffix(line, "\n"); len(line) > 76 || strings.HasSuffix(line, " ") {
				t.Errorf("%s: the line %q is too long or ends with a blank", test.args, line)
			}
		}
	}
}

func TestWrongArgumentsAreOneSentence(t *testing.T) {
	for _, args := range []string{"-consumers 0", "-consumers 9", "-pills -1", "-pills 9", "-pills none", "-unit 1s", "4"} {
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
