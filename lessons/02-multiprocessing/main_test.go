package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"processbook/lessons"
	"processbook/mp"
)

func TestMain(m *testing.M) {
	lessons.RunTests(m, func() {
		if changed, there := changes[os.Getenv(lessons.ChangeVar)]; there {
			crowd = noCrowd
			lessons.Main(lesson, changed.program)
			return
		}
		main()
	})
}

// The last paragraphs depend on the machine, and on its other programs. They are left
// out here: see TestCrowd.
func TestOutput(t *testing.T) {
	defer func(real func(context.Context) error) { crowd = real }(crowd)
	crowd = noCrowd
	if err := lessons.PrintsPatiently(main, output, withoutEnds); err != nil {
		t.Error(err)
	}
}

// withoutEnds leaves out when a child ended, because the system decides the order.
func withoutEnds(text string) string {
	return regexp.MustCompile(`(\n  (?:A|B|Crew|Worker \d) +\[)=+(.) +`).ReplaceAllString(text, "$1$2 ")
}

func noCrowd(context.Context) error { return nil }

const output = `LESSON 2  Multiprocessing or multithreading?                     (example 1)

plan   Main starts two processes, A and B. Each counts down from 5, one
       number a tick (200ms). When both have ended, main starts two groups
       of four workers: four processes, and four goroutines in one process,
       Crew. Each worker divides 12 by its number. But in both groups,
       worker 3 divides by zero, before the others divide.

prints A 1
       A 2
       A 3
       A 4
       A 5
       B 1
       B 2
       B 3
       B 4
       B 5
       Crew ended well: false
       Goroutine 1 begins, PID #1
       Goroutine 2 begins, PID #1
       Goroutine 3 begins, PID #1
       Goroutine 4 begins, PID #1
       Worker 1 begins, PID #2
       Worker 1 ended well: true
       Worker 1 ends, 12 / 1 = 12
       Worker 2 begins, PID #3
       Worker 2 ended well: true
       Worker 2 ends, 12 / 2 = 6
       Worker 3 begins, PID #4
       Worker 3 ended well: false
       Worker 4 begins, PID #5
       Worker 4 ended well: true
       Worker 4 ends, 12 / 4 = 3

  main      [=============================|.]   exit code 0
  A           [===]                             exit code 0
  B             [===]                           exit code 0
  Crew                [=======!                 exit code 2
  Worker 1              [=========]             exit code 0
  Worker 2                [=========]           exit code 0
  Worker 3                  [===!               exit code 2
  Worker 4                    [=========]       exit code 0
            [ starts  = runs  . waits  | last line  ] ends
            ! fails
            Time goes from left to right. Lengths mean nothing.

saw    If two rows overlap, these processes ran side by side: they were
       concurrent. They were parallel only if two CPUs worked for them at
       the same moment: see below. Lines about a Worker: 4 with "begins",
       and 3 with "ends". Lines about a Goroutine: 4 with "begins", and 0
       with "ends". If a process ends, its goroutines and its children end.
       Other processes go on. If two processes run side by side and need
       equally long, the system decides which prints and ends first.

try    -bad 1, -bad 0, -unit 500ms, -free, -plain
`

func TestFacts(t *testing.T) {
	want := map[string]string{
		"2a": "one per CPU",
		"2b": "one per CPU",
		"2c": "3 0",
		"2d": "6 7",
	}
	if err := experiments.Check(t.Context(), want); err != nil {
		t.Error(err)
	}
}

// Other programs may have the CPUs, so this wants only what is possible.
func TestTogether(t *testing.T) {
	for _, n := range [][2]int{{1, 1}, {4 * cpus, 1}, {1, 4 * cpus}} {
		if most, err := together(t.Context(), n[0], n[1]); err != nil || most < 1 || most > min(cpus, n[0]*n[1]) {
			t.Errorf("%d processes, each with %d goroutines: %d at once, %v; CPUs: %d", n[0], n[1], most, err, cpus)
		}
	}
}

// strange is a worker as a reader may change it.
var strange = mp.Proc("strange", func(how string) error {
	fmt.Println("Worker 1 begins, PID", os.Getpid())
	switch how {
	case "exit":
		os.Exit(3)
	case "error":
		return errors.New("this is a test")
	case "long":
		time.Sleep(2 * lessons.Limit)
	}
	return nil
})

// with is main.go with one worker that is strange.
func with(how string) func(context.Context) error {
	return func(ctx context.Context) error {
		a, p := mp.NewProcess(countDown, 5), mp.NewProcess(strange, how)
		a.Name, p.Name = "A", "Worker 1"
		err := errors.Join(a.Start(ctx), p.Start(ctx))
		fmt.Println(p.Name, "ended well:", p.Join(ctx) == nil)
		return err
	}
}

func pair(then func(ctx context.Context, a, b *mp.Process) error) func(context.Context) error {
	return func(ctx context.Context) error {
		a, b := mp.NewProcess(countDown, 5), mp.NewProcess(countDown, 5)
		a.Name, b.Name = "A", "B"
		return then(ctx, a, b)
	}
}

// Changes that a reader may make in main.go, and the lesson's text after each.
var changes = map[string]struct {
	program func(context.Context) error
	want    []string
}{
	"join a first": {pair(func(ctx context.Context, a, b *mp.Process) error {
		return errors.Join(a.Start(ctx), a.Join(ctx), b.Start(ctx), b.Join(ctx))
	}), []string{"[===================|...]", "Lines about a Worker: 0 with \"begins\", and 0 with \"ends\"."}},
	"no Join": {pair(func(ctx context.Context, a, b *mp.Process) error { return errors.Join(a.Start(ctx), b.Start(ctx)) }), []string{
		"[===========|...........]"}},
	"only a":  {pair(func(ctx context.Context, a, _ *mp.Process) error { return errors.Join(a.Start(ctx), a.Join(ctx)) }), []string{"[===========|...]"}},
	"nothing": {func(context.Context) error { return nil }, []string{"prints (nothing)", "0 with \"begins\""}},
	"Terminate": {pair(func(ctx context.Context, a, b *mp.Process) error {
		err := errors.Join(a.Start(ctx), b.Start(ctx), b.Terminate())
		b.Join(ctx)
		return err
	}), []string{"terminated", "x is terminated"}},
	"daemons": {pair(func(ctx context.Context, a, b *mp.Process) error {
		a.Daemon, b.Daemon = true, true
		return errors.Join(a.Start(ctx), b.Start(ctx))
	}), []string{"terminated (a daemon)"}},
	"exit":  {with("exit"), []string{"! exit code 3", "Worker 1 ended well: false", "Lines about a Worker: 1 with \"begins\", and 0 with \"ends\". Lines about a Goroutine: 0 with \"begins\""}},
	"error": {with("error"), []string{"! exit code 1"}},
	"quiet": {with(""), []string{"Lines about a Worker: 1 with \"begins\", and 0 with \"ends\"."}},
	"main exits": {pair(func(ctx context.Context, a, b *mp.Process) error {
		err := errors.Join(a.Start(ctx), b.Start(ctx))
		os.Exit(4)
		return err
	}), []string{"exit code 4", ") ends with its parent"}},
	"long": {with("long"), nil},
}

// The lesson tells what happened, whatever a reader makes of main.go.
func TestChangedProgram(t *testing.T) {
	for name, change := range changes {
		if change.want == nil {
			continue // it is for another test
		}
		t.Run(name, func(t *testing.T) {
			if err := lessons.ChangedPatiently(name, change.want, "-unit", "100ms"); err != nil {
				t.Error(err)
			}
		})
	}
}

// Only lines with two words count, whatever else is in them.
func TestWorkersAreCounted(t *testing.T) {
	defer func(real func(context.Context) error) { crowd = real }(crowd)
	crowd = noCrowd
	run := &lessons.Run{Output: "Worker 9 begins\nnow Worker 10 begins, PID 2\nWorker 10 ends, 12 / 10 = 1\nWorker 11 starts\n",
		Lives: []lessons.Life{{Name: "main", Started: 1, Ended: 2}}, Moments: 2}
	err := lessons.Prints(func() { picture(t.Context(), run) }, counted, func(text string) string {
		return strings.Join(strings.Fields(text[strings.Index(text, "saw"):]), " ")
	})
	if err != nil {
		t.Error(err)
	}
}

const counted = `saw If two rows overlap, these processes ran side by side: they were concurrent. They were parallel only if
two CPUs worked for them at the same moment: see below. Lines about a Worker: 2 with "begins", and 1 with "ends". Lines
about a Goroutine: 0 with "begins", and 0 with "ends". If a process ends, its goroutines and its children end. Other processes go on. If two processes run side by side and
need equally long, the system decides which prints and ends first.`

// -plain is main.go and nothing else.
func TestPlain(t *testing.T) {
	out, err := lessons.Command("-plain", "-bad", "0", "-unit", "100ms").CombinedOutput()
	text := "\n" + string(out)
	for _, want := range []string{`A 5`, `A 1`, `B 5`, `B 1`, `Worker 3 begins, PID \d+`, `Worker 3 ends, 12 / 3 = 4`, `Worker 4 ended well: true`,
		`Goroutine 3 begins, PID \d+`, `Goroutine 3 ends, 12 / 3 = 4`, `Crew ended well: true`} {
		if !regexp.MustCompile(`(?m)^` + want + `$`).MatchString(text) {
			t.Errorf("%v, no line is %q:\n%s", err, want, out)
		}
	}
	if n := strings.Count(text, "\n"); err != nil || n != 10+8+8+5+1 {
		t.Errorf("%v, %d lines:\n%s", err, n, out)
	}
}

// The output gets EOF when all processes have ended: see lessons.Killed. It has no
// stack trace.
func TestEveryFlagWorksQuietlyAndNobodyIsLeft(t *testing.T) {
	for args, want := range map[string]string{
		"-bad 0 -unit 100ms": "4 with \"begins\", and 4 with \"ends\". Lines about a Goroutine: 4 with \"begins\", and 4 with \"ends\".",
		"-bad 1 -unit 100ms": "4 with \"begins\", and 3 with \"ends\". Lines about a Goroutine: 4 with \"begins\", and 0 with \"ends\".",
		"-free":              fmt.Sprintf("Now %d processes, 4 for each CPU", 4*cpus),
		"-free -bad 2 -plan": "worker 2 divides by zero",
		"-facts":             "2d 6 7",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			var out []byte
			err := lessons.Patiently(func(pace []string) (err error) {
				var stderr strings.Builder
				cmd := lessons.Command(append(strings.Fields(args), pace...)...)
				cmd.Stderr, cmd.WaitDelay = &stderr, lessons.Limit
				out, err = cmd.Output()
				if err != nil || stderr.Len() > 0 || !lessons.Contains(out, want) {
					return fmt.Errorf("%s: %v, want %q\n%s%s", args, err, want, out, &stderr)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			for line := range strings.Lines(string(out)) {
				if line = strings.TrimSuffix(line, "\n"); len(line) > 76 || strings.TrimRight(line, " ") != line {
					t.Errorf("%s: a line is too long or ends with a blank: %q", args, line)
				}
			}
		})
	}
}

// The lesson is killed while its program runs, and then at some moments when
// processes are being started or compute without a pause.
func TestNobodyIsLeftAfterTheLessonIsKilled(t *testing.T) {
	var err error
	for _, later := range []time.Duration{0, 30 * time.Millisecond, 60 * time.Millisecond} {
		err = errors.Join(err, lessons.Killed("-free", "goroutines in each", later))
	}
	t.Setenv(lessons.ChangeVar, "long")
	err = errors.Join(err, lessons.Killed("", "Worker 1 begins", 0))
	if err != nil {
		t.Error(err)
	}
}

func TestWrongArgumentsAreOneSentence(t *testing.T) {
	for _, args := range []string{"-bad", "-bad 5", "-bad -1", "-crowd 1", "-unit 99ms", "-unit 1h", "-plan=x", "2"} {
		if err := lessons.Refused(args); err != nil {
			t.Error(err)
		}
	}
}
