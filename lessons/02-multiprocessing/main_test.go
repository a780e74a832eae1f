package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"processbook/lessons"
	"processbook/mp"
)

func TestMain(m *testing.M) {
	mp.Init()
	cpus = 2 // no two machines agree
	lessons.RunTests(m, main)
}

func TestOutput(t *testing.T) {
	if err := lessons.Prints(main, output); err != nil {
		t.Error(err)
	}
}

const output = `LESSON 2  Multiprocessing or multithreading?                     (example 1)

plan   main starts A and B. Each counts down 5 4 3 2 1, a number a tick.

  main  [.............................|]
  A     [==5=====4=====3=====2=====1==]
  B     [==5=====4=====3=====2=====1==]
  tick  0     1     2     3     4     5
        [ starts  = runs  . waits  | last line  ] ends

saw    10 numbers, the last one in tick 5, not in tick 10: A and B ran at
       the same time.

plan   8 processes, 4 for each CPU of this machine. Each computes without a
       pause until all of them have begun.

saw    All 8 have begun, on 2 CPUs, and none had ended before: the system
       gives a CPU to one for a moment and then to another. A process does
       not need one of its own.

plan   4 workers, each with a division to do. When all are at work, worker 3
       divides by zero, and when that has had its effect the others go on.

work   in four processes                 in four goroutines of one process
12/1   PID #4       12                   PID #8       lost
12/2   PID #5       6                    PID #8       lost
12/0   PID #6       panic, exit code 2   PID #8       panic, exit code 2
12/4   PID #7       3                    PID #8       lost

saw    Of the 3 others 3 finished as processes and 0 as goroutines: a panic
       ends the process that it happens in, with all that lives there. Join
       tells its parent why: "runtime error: integer divide by zero". (The
       stack traces, on stderr, are kept from you: see startQuietly in
       crash.go.)
try    -bad 1, -bad 0, -crowd 8, -unit 300ms, -free
`

func TestFacts(t *testing.T) {
	want := map[string]string{
		"2a": "5",
		"2b": "all",
		"2c": "4 1",
		"2d": "3 0",
		"2e": "0 0 2 0 2",
	}
	if err := experiments.Check(t.Context(), want); err != nil {
		t.Error(err)
	}
}

// Whoever is left holds the standard output that all of the family share, so
// its end is the end of everybody. And nobody's stack trace is on stderr.
func TestEveryFlagWorksQuietlyAndNobodyIsLeft(t *testing.T) {
	for args, want := range map[string]string{
		"-bad 0":           "As processes 4 of 4 finished, as goroutines 4",
		"-bad 1":           "Of the 3 others 3 finished as processes and 0 as goroutines",
		"-bad 4 -crowd 1":  "there is a CPU for each",
		"-crowd 8":         "All 16 have begun",
		"-free":            "10 numbers",
		"-free -unit 60ms": "10 numbers",
		"-unit 1ms":        "5 A 1 5 B 1",
		"-plan":            "plan",
		"-facts":           "2e 0 0 2 0 2",
	} {
		var stdout, stderr bytes.Buffer
		cmd := lessons.Command(strings.Fields(args)...)
		cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &stdout, &stderr, lessons.Limit
		err := cmd.Run()
		text := strings.Join(strings.Fields(stdout.String()), " ")
		if err != nil || stderr.Len() > 0 || !strings.Contains(text, want) {
			t.Errorf("%s: %v, want %q\n%s%s", args, err, want, &stdout, &stderr)
		}
		for line := range strings.Lines(stdout.String()) {
			if line = strings.TrimSuffix(line, "\n"); len(line) > 76 || strings.TrimRight(line, " ") != line {
				t.Errorf("%s: a line is too long or ends with a blank: %q", args, line)
			}
		}
	}
}

// The lesson is killed while its processes wait for a tick, and then at some
// moments when they are being started or compute without a pause.
func TestNobodyIsLeftAfterTheLessonIsKilled(t *testing.T) {
	const args = "-unit 20ms -crowd 8"
	err := lessons.Killed(args, "B      starting", 0)
	for _, later := range []time.Duration{0, 10 * time.Millisecond, 30 * time.Millisecond, 60 * time.Millisecond} {
		err = errors.Join(err, lessons.Killed(args, "pause until all", later))
	}
	if err != nil {
		t.Error(err)
	}
}

func TestWrongArgumentsAreOneSentence(t *testing.T) {
	for _, args := range []string{"-bad", "-bad 5", "-bad -1", "-crowd 0", "-crowd 9", "-unit 1h", "-plan=x", "2"} {
		if err := lessons.Refused(args); err != nil {
			t.Error(err)
		}
	}
}
