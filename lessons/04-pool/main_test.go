package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"processbook/lessons"
	"processbook/mp"
)

func TestMain(m *testing.M) {
	lessons.RunTests(m, func() {
		if changed := changes[os.Getenv(lessons.ChangeVar)].program; changed != nil {
			lessons.Main(lesson, changed)
			return
		}
		main()
	})
}

// The system decides the order of the results in the queue, but for the slow
// one, which comes last.
func TestOutput(t *testing.T) {
	t.Parallel()
	if err := lessons.PrintsPatiently(main, output, sorted); err != nil {
		t.Error(err)
	}
}

// sorted sorts all results in the queue but the last.
func sorted(text string) string {
	return regexp.MustCompile(`queue  \[.*\]`).ReplaceAllStringFunc(text, func(line string) string {
		results := strings.Fields(strings.Trim(line, "queue []"))
		slices.Sort(results[:len(results)-1])
		return fmt.Sprint("queue  ", results)
	})
}

const output = `LESSON 4  A Process or a Pool?                         (example 8's numbers)

plan   There are 10 tasks: each gets a number, and adds a * if the number is
       prime. Main starts a Process for each task, and gets the results from
       a queue. Then main gives the same tasks to a Pool (workers: 2). The
       task with the number 2 takes longest: 8 ticks (of 200ms). The system
       decides in which order the other Processes put their results.

prints queue  [36 513 1327* 101* 323 193* 9999999 433785907* 100000 2*]
       Map    [2* 36 101* 193* 323 513 1327* 100000 9999999 433785907*]

saw    A queue gives the results in the order in which they come. Map
       returns them in the order of the tasks, whichever task ends first.
       Processes outside the pool: 10. Workers of the pool: 2. Numbers in
       the list "queue": 10. Numbers in the list "Map": 10.

also   In main.go, the Processes need 24 lines, and the Pool needs 7. With
       fewer lines, you make fewer mistakes: the chapter calls this "more
       convenient".

also   A pool of two workers does 4 tasks, and main prints a line for each
       result. The second task ends last. How many lines has main printed
       just before that?

  Map            0
  Imap           1
  ImapUnordered  3

saw    Map returns when all tasks have ended. Imap gives the results in the
       order of the tasks, so it has to wait for the second task.
       ImapUnordered gives each result when it comes.
try    -slow 5, -slow 10, -workers 10, -plain
`

func TestFacts(t *testing.T) {
	want := map[string]string{
		"4a": "1 2 3",
		"4b": "0 1 3",
		"4c": "3 18",
		"4d": "3 1",
		"4e": "2 3",
		"4f": "3",
	}
	if err := experiments.Check(t.Context(), want); err != nil {
		t.Error(err)
	}
}

// A reader may change slow or numbers. Then perhaps no task takes longest.
func TestPlanOfASlowTaskThatIsNotThere(t *testing.T) {
	defer func(task int) { slow = task }(slow)
	slow = 0
	if got, want := plan(), "There is no task 0 that could take longest."; !strings.Contains(got, want) {
		t.Errorf("want %q in %s", want, got)
	}
}

// The chapter's Python finds these primes among its ten numbers.
func TestPrimes(t *testing.T) {
	var primes []string
	for _, n := range numbers {
		if result := star(n); strings.HasSuffix(result, "*") {
			primes = append(primes, result)
		}
	}
	if got, want := strings.Join(primes, " "), "2* 101* 193* 1327* 433785907*"; got != want {
		t.Errorf("the primes are %s, want %s", got, want)
	}
}

var bad = mp.Func("bad", badStar)

// badStar is star as a reader may change it.
func badStar(n int) (string, error) {
	switch n {
	case 36:
		return "", errors.New("this is a test")
	case 101:
		panic("this is a test")
	case 193:
		os.Exit(3)
	}
	return fmt.Sprint(n), nil
}

var badly = mp.Proc("badly", func(e errand) error {
	result, err := badStar(e.N)
	return errors.Join(err, e.Q.Put(context.Background(), result))
})

var long = mp.Proc("long", func(mp.None) error {
	fmt.Println("started")
	time.Sleep(2 * lessons.Limit)
	return nil
})

// show prints a list as main.go does.
func show(label string, list []string, err error) error {
	fmt.Printf("%-6s %v\n", label, list)
	return err
}

// byBad is byPool with another function. Only a pool of one surely starts a new worker:
// in a larger one, others may do all tasks that are left.
func byBad(workers, tasksPerChild int) func(context.Context) error {
	return func(ctx context.Context) error {
		pool := mp.NewPool(bad, workers)
		pool.MaxTasksPerChild = tasksPerChild
		list, err := pool.Map(ctx, numbers)
		return errors.Join(show("Map", list, err), pool.Close())
	}
}

// Changes that a reader may make in main.go, and the lesson's text after each.
var changes = map[string]struct {
	program func(context.Context) error
	want    []string
}{
	"nothing": {func(context.Context) error { return nil }, []string{
		"prints (nothing)", "Processes outside the pool: 0. Workers of the pool: 0."}},
	"only byPool": {func(ctx context.Context) error {
		list, err := byPool(ctx)
		return show("Map", list, err)
	}, []string{"Map [2* 36 101*", "Processes outside the pool: 0. Workers of the pool: 2."}},
	"a bad pool": {byBad(1, 0), []string{
		"Map [2 323 513 1327 100000 9999999 433785907]", "Workers of the pool: 2.", `Numbers in the list "Map": 7.`, "exited with exit code 3."}},
	"one task for each worker": {byBad(2, 1), []string{"Map [2 323 513 1327 100000 9999999 433785907]", "exited with exit code 3."}},
	"bad Processes": {func(ctx context.Context) error {
		q := mp.NewQueue[string](0)
		var err error
		for _, n := range numbers[1:4] {
			p := mp.NewProcess(badly, errand{n, q})
			err = errors.Join(err, p.Start(ctx), p.Join(ctx))
		}
		q.Close()
		return show("queue", slices.Collect(q.All(ctx)), err)
	}, []string{"queue []", `Numbers in the list "queue": 0.`, "Processes outside the pool: 3.",
		"Process-1 exited with exit code 1. Process-2 exited with exit code 2. Process-3 exited with exit code 3."}},
	"other words": {func(context.Context) error { return show("queue", []string{"2 is prime", "36 is not"}, nil) }, []string{
		`Numbers in the list "queue": 2.`}},
	"Terminate": {func(ctx context.Context) error {
		p := mp.NewProcess(long, mp.None{})
		err := errors.Join(p.Start(ctx), p.Terminate())
		p.Join(ctx)
		return err
	}, []string{"Process-1 was terminated."}},
	"main exits": {func(ctx context.Context) error {
		mp.NewProcess(long, mp.None{}).Start(ctx)
		os.Exit(4)
		return nil
	}, []string{"Process-1 ended with its parent."}},
	"too long": {program: func(ctx context.Context) error {
		p := mp.NewProcess(long, mp.None{})
		return errors.Join(p.Start(ctx), p.Join(ctx))
	}},
}

// The lesson tells what happened, whatever a reader makes of main.go.
func TestChangedProgram(t *testing.T) {
	t.Parallel()
	for name, change := range changes {
		if change.want == nil {
			continue // it is for another test
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := lessons.ChangedPatiently(name, change.want, "-unit", "100ms"); err != nil {
				t.Error(err)
			}
		})
	}
}

// Flags reach main.go. Whatever task is slow: the queue has it last, Map in its
// place.
func TestFlags(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"-slow 5":              "323] Map [2* 36 101* 193* 323 513",
		"-slow 10 -workers 10": "433785907*] Map [2* 36 101* 193* 323 513",
		"-workers 10":          "2*] Map [2* 36 101* 193* 323 513 1327* 100000 9999999 433785907*] saw",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			workers := fmt.Sprintf("Workers of the pool: %d. Numbers in the list \"queue\": 10. Numbers in the list \"Map\": 10. also", 2+8*strings.Count(args, "-workers"))
			err := lessons.OutputPatiently(args, func(out []byte) bool { return lessons.Contains(out, want) && lessons.Contains(out, workers) })
			if err != nil {
				t.Errorf("%v\nwant %q, %q", err, want, workers)
			}
		})
	}
}

// -plain is main.go and nothing else.
func TestPlain(t *testing.T) {
	t.Parallel()
	_, want, _ := strings.Cut(output, "prints ")
	want, _, _ = strings.Cut(want, "\n\n")
	err := lessons.OutputPatiently("-plain", func(out []byte) bool {
		return lessons.Contains([]byte(sorted(string(out))), sorted(want)) && strings.Count(string(out), "\n") == 2
	})
	if err != nil {
		t.Errorf("%v\nwant\n%s", err, want)
	}
}

// The output gets EOF when all processes have ended: see lessons.Killed.
func TestNobodyIsLeftAfterTheLesson(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"-plan", "-free -plain", "-free -slow 5", "-free -slow 10 -workers 10", "-facts"} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			cmd := lessons.Command(strings.Fields(args)...)
			cmd.WaitDelay = lessons.Limit
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("%s: %v\n%s", args, err, out)
			}
			for line := range strings.Lines(string(out)) {
				if len(line) > 77 {
					t.Errorf("%s: longer than 76 columns: %q", args, line)
				}
			}
		})
	}
}

func TestNobodyIsLeftAfterTheLessonIsKilled(t *testing.T) {
	t.Setenv(lessons.ChangeVar, "too long")
	if err := lessons.Killed("", "started", 0); err != nil {
		t.Error(err)
	}
}

func TestWrongArgumentsAreOneSentence(t *testing.T) {
	for _, args := range []string{"-last 1", "-slow", "-slow 0", "-slow 11", "-workers 1", "-workers 11", "-unit 99ms", "-plan=x", "4"} {
		if err := lessons.Refused(args); err != nil {
			t.Error(err)
		}
	}
}

func TestFewFiles(t *testing.T) {
	if err := lessons.Cramped("-free"); err != nil {
		t.Error(err)
	}
}
