package main

import (
	"os"
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

const output = `LESSON 1  What is a process, and how is it not a thread?         (example 3)

plan   counter begins as 1. main sets it to 5, starts a goroutine, and
       starts this same program again as 2 child processes. When all of them
       run, the goroutine and each child add 10 to counter.

who           PID      parent   counter: before  after
main          #1       #2                     5     15
  goroutine   #1       #2                     5     15
Child 1       #3       #1                     1     11
Child 2       #4       #1                     1     11

  PID #1            PID #3            PID #4
  +--------------+  +--------------+  +--------------+
  | counter 15   |  | counter 11   |  | counter 11   |
  | main         |  | Child 1      |  | Child 2      |
  | goroutine    |  |              |  |              |
  +--------------+  +--------------+  +--------------+

saw    3 processes run 1 program file. A new one runs it from the start: the
       children began with 1, not with the 5 that main had set and the
       goroutine found. (Python's children: 5 with fork, 1 with spawn.) In
       all 30 was added, and main's counter grew by 10: the rest went into
       memory that main does not have. Each process has several threads,
       even the children, who started no goroutine.

plan   A process leaves a sign in five places: in a variable, in the
       directory that it goes to, in the environment, in a file and in a
       pipe. Then a goroutine does the same. Where does main see the sign?

left by      variable  directory  environment  file  pipe
a process    no        no         no           yes   yes
a goroutine  yes       yes        yes          yes   yes

saw    Of the process: file and pipe. Of the goroutine: everything. A
       variable, the directory and the environment are part of a process;
       goroutines share them, for good or ill. Files and pipes lie between
       processes.
try    -set 100, -children 6
`

func TestFacts(t *testing.T) {
	defer func(source int) { counter = source }(counter)
	want := map[string]string{
		"1a": "1 2",
		"1b": "1",
		"1c": "15",
		"1d": "D E",
		"1e": "A B C D E",
		"1f": "some",
	}
	if err := experiments.Check(t.Context(), want); err != nil {
		t.Error(err)
	}
}

// A goroutine takes the whole process to another directory; those who come
// after must not find it there.
func TestMainGoesHome(t *testing.T) {
	home, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seen(t.Context(), byGoroutine); err != nil {
		t.Fatal(err)
	}
	if now, err := os.Getwd(); now != home || err != nil {
		t.Errorf("after the traces main is in %q, %v, want %q", now, err, home)
	}
	if sign, there := os.LookupEnv("SIGN"); there {
		t.Errorf("after the traces SIGN is %q", sign)
	}
}

// Whoever is left holds the standard output that all of the family share, so
// its end is the end of everybody.
func TestEveryFlagWorksAndNobodyIsLeft(t *testing.T) {
	for args, want := range map[string]string{
		"-children 1":          "all 20 was added, and main's counter grew by 10",
		"-children 6 -set 999": "with the 999",
		"-set 2":               "not with the 2",
		"-plan":                "plan",
		"-facts":               "1f\t",
	} {
		cmd := lessons.Command(strings.Fields(args)...)
		cmd.WaitDelay = lessons.Limit
		out, err := cmd.CombinedOutput()
		if text := strings.Join(strings.Fields(string(out)), " "); err != nil || !strings.Contains(text, strings.TrimSpace(want)) {
			t.Errorf("%s: %v, want %q\n%s", args, err, want, out)
		}
		for line := range strings.Lines(string(out)) {
			if line = strings.TrimSuffix(line, "\n"); len(line) > 76 || strings.TrimRight(line, " ") != line {
				t.Errorf("%s: a line is too long or ends with a blank: %q", args, line)
			}
		}
	}
}

func TestWrongArgumentsAreOneSentence(t *testing.T) {
	for _, args := range []string{"-set", "-set 1", "-set 1000", "-children 0", "-children 7", "-unit 1s", "-free", "1"} {
		if err := lessons.Refused(args); err != nil {
			t.Error(err)
		}
	}
}
