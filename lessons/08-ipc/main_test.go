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

plan   Example 6, and a lock: main locks a Mutex and puts a box with x = 10
       into a queue. A child gets the box. Then main sets x to 20, and then
       the child sets x to 99. Who else can lock the Mutex, and who sees
       which x?

               the Mutex    x after main's 20   after the child's 99
  main         has it                      20                     20
    goroutine  is refused                  20                     20
  child        has it                      10                     99

saw    The child's box is a copy: neither sees what the other does to its
       own. Its Mutex is another one, too: a lock keeps out the goroutines
       of its own process, and nobody else.

plan   main puts 10 tasks into a queue, for 4 consumers to take in turn. In
       example 7 a consumer leaves when it sees no task, in example 8 when
       it takes a pill, and main puts 1 pill there, too.

                                            tasks   consumers    main's
  a consumer leaves                          done   left  wait   Join
  seeing no task, looks before main puts        0      4     0   waits
  seeing no task, looks after that             10      4     0   returns
  taking a pill                                10      1     3   returns

  main puts   2 36 101 193 323 513 1327 100000 9999999 433785907 *
  Consumer 1  2    323     9999999    .
  Consumer 2  36   513     433785907  .
  Consumer 3  101  1327    *
  Consumer 4  193  100000  .
  main gets   5 x prime, 5 x not prime
              * a pill  . waits until main closes the queue

saw    The consumers that looked too soon did 0 of 10 tasks: a queue is
       empty when all is done, but also when nothing has come yet. Join
       would have waited for ever: it counts tasks, not consumers. 1 pill
       ended 1 of 4 consumers. A pill is a message, and one process gets it.
       3 waited until main closed the queue, which all could see.

plan   A process sends hello through a pipe and is killed. Another one is
       killed in the middle of its next message.

  the sender is killed     main receives
  between two messages     hello, the end
  in the middle of one     hello, a broken message

saw    The end of a process is the end of its pipes. The reader need not
       wait, and knows whether something is missing.
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
		"8h": "the end, a broken message",
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
		{"-consumers 2 -pills 3", []string{"for 2 consumers", "main puts 3 pills", "Consumer 2", "nobody *",
			"2 of 3 pills ended both consumers.", "Nobody was left to take 1 pill:"}},
		{"-consumers 2 -pills 2", []string{"taking a pill 10 2 0 returns", "2 pills ended both consumers. A pill is a message, and one process gets it. plan"}},
		{"-consumers 1 -pills 0", []string{"for 1 consumer to", "With no pill, no consumer ended by itself.", "1 waited until main closed the queue"}},
		{"-consumers 1 -pills 8", []string{"9999999 433785907 *", "nobody *******", "1 of 8 pills ended the only consumer.", "Nobody was left to take 7 pills:"}},
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
