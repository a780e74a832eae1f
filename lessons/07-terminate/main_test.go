package main

import (
	"strings"
	"testing"
	"time"

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

const output = `LESSON 7  How do you end a process?                             (no example)

plan   Five processes defer a cleanup. Listener waits for messages; Loner,
       Parent, Holder and Writer hang for ever. Loner has nothing in its
       hands, Parent has a child (Kid), Holder the only token of a queue (a
       lock), and Writer is in the middle of a message. main sends "please
       stop" to these five, and puts an end to those who do not listen. Then
       3 others try to do their work, and 3 more, who need the lock for it.

who        "please stop"       what stop does then       deferred cleanup
Listener   ends, exit code 0   -                         runs
Loner      lives on            Terminate: exit code -15  does not run
Parent     lives on            Terminate: exit code -15  does not run
Holder     lives on            Terminate: exit code -15  does not run
Writer     lives on            Terminate: exit code -15  does not run

  before                  after       what it is to others
  (Listener)
  (Loner)                             3 of 3 others finish their work
  (Parent)---(Kid)                    Kid is gone
  (Holder *)  lock [ ]    lock [ ]    0 of 3 others get the lock
  (Writer)===[##          [##         main receives a broken message
  (...) is alive   * the token   [## the beginning of a message

saw    1 of 5 ended when asked, 4 by Terminate, and none of these ran its
       cleanup. Without Loner, 3 of 3 others finish. But the token is gone
       with Holder: 3 others wait for the lock, until main makes a new one.
       Kid is gone, although nothing was done to it, and main receives a
       broken message.
try    -listen, -others 9
`

func TestFacts(t *testing.T) {
	want := map[string]string{
		"7a": "A C",
		"7b": "is gone",
		"7c": "0",
		"7d": "a broken message",
		"7e": "3",
		"7f": "A C E",
		"7g": "-15",
	}
	if err := experiments.Check(t.Context(), want); err != nil {
		t.Error(err)
	}
}

func TestHolderThatListensPutsItsTokenBack(t *testing.T) {
	for _, others := range []string{"2", "9"} {
		out, err := lessons.Command("-listen", "-others", others).Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for _, want := range []string{
			"Holder     ends, exit code 0   -                         runs\n",
			"  (Holder *)  lock [ ]    lock [*]    " + others + " of " + others + " others get the lock\n",
		} {
			if !strings.Contains(string(out), want) {
				t.Errorf("-listen -others %s does not print %q:\n%s", others, want, out)
			}
		}
	}
}

// Whoever is left holds the standard output that all of the family share, so
// its end is the end of everybody. That matters here: most of them hang.
func TestNobodyIsLeftAfterTheStory(t *testing.T) {
	for _, args := range [][]string{{}, {"-listen"}, {"-others", "9"}, {"-plan"}, {"-facts"}} {
		cmd := lessons.Command(args...)
		cmd.WaitDelay = lessons.Limit
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
		for line := range strings.Lines(string(out)) {
			if len(line) > 77 || strings.HasSuffix(line, " \n") {
				t.Errorf("%v: a long line, or blanks at its end: %q", args, line)
			}
		}
	}
}

func TestNobodyIsLeftWhenMainIsKilled(t *testing.T) {
	for i := range 5 { // main is about to hire
		if err := lessons.Killed("-others 9", "plan", time.Duration(i)*5*time.Millisecond); err != nil {
			t.Error(err)
		}
	}
}

func TestWrongArgumentsAreOneSentence(t *testing.T) {
	for _, args := range []string{"-others 1", "-others 10", "-others", "-listen=x", "-unit 1s", "-case 2", "2"} {
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
