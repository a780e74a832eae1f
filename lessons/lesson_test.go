package lessons

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"processbook/mp"
)

func TestMain(m *testing.M) {
	RunTests(m, func() { Main(lesson, program) })
}

// A small lesson, to be run by Command.
var (
	tick = 200 * time.Millisecond
	size = 3
	loud = false

	lesson = Lesson{
		Number: 9, Title: "Is this a lesson?", Mirrors: "example 0", Try: "-loud",
		Plan: func() string { return fmt.Sprintf("size %d, loud %t, tick %v", size, loud, tick) },
		Picture: func(_ context.Context, run *Run) error {
			Para("saw", "%d lives, exit code %d, changed %t", len(run.Lives), run.Main().Code, run.Changed)
			return nil
		},
		Facts: Facts{
			"9b": func(context.Context) (string, error) { return "two", nil },
			"9a": func(context.Context) (string, error) { return Form("one", "two and two"), nil },
			"9c": func(context.Context) (string, error) { return "", errors.New("it rains") },
			"9d": func(context.Context) (string, error) { return "four", nil },
		},
		Tick:   &tick,
		Flags:  []Flag{Int(&size, "size", 1, 20, "make it `N` wide"), Bool(&loud, "loud", "shout")},
		Source: "package main // as it was",
		Sum:    sum("package main"),
	}
)

// tellFlags is in a child: its flags are those of main.
var tellFlags = mp.Proc("tellFlags", func(int) error {
	fmt.Printf("size %d, loud %t, tick %v", size, loud, tick)
	if size == 14 {
		time.Sleep(4 * Limit)
	}
	return nil
})

func program(ctx context.Context) error {
	if size == 13 {
		return errors.New("13 is bad luck")
	}
	p := mp.NewProcess(tellFlags, 0)
	return errors.Join(p.Start(ctx), p.Join(ctx))
}

func TestArguments(t *testing.T) {
	const title = "LESSON 9  Is this a lesson?                                      (example 0)\n\n"
	const saw = "\nsaw    2 lives, exit code 0, changed false\ntry    -loud\n"
	for _, c := range []struct {
		args   string
		code   int
		stdout string
		stderr string
	}{
		{"", 0, title + "plan   size 3, loud false, tick 200ms\n\nprints size 3, loud false, tick 200ms\n" + saw, ""},
		{"-loud -size 4 -unit 300ms", 0, title + "plan   size 4, loud true, tick 300ms\n\nprints size 4, loud true, tick 300ms\n" + saw, ""},
		{"-free", 0, title + "plan   size 3, loud false, tick 1ms\n\nprints size 3, loud false, tick 1ms\n" + saw, ""},
		{"-plain -free", 0, "size 3, loud false, tick 1ms", ""},
		{"-plan -size 20 -loud", 0, title + "plan   size 20, loud true, tick 200ms\n", ""},
		{"-size 13", 1, title + "plan   size 13, loud false, tick 200ms\n\nprints (nothing)\n\n" +
			"saw    1 lives, exit code 1, changed false\ntry    -loud\n", ": 13 is bad luck\n"},
		{"-plain -size 13", 1, "", ": 13 is bad luck\n"},
		{"-facts", 1, "9a\tone\n9b\ttwo\n9d\tfour\n", "9c: it rains\n"},
		{"-facts 9b 9a", 0, "9b\ttwo\n9a\tone\n", ""},
		{"-facts -form 2 9a", 0, "9a\ttwo and two\n", ""},
		{"-facts 9e", 1, "", "9e: unknown question\n"},
		{"-facts -form 3", 2, "", `lesson 9: invalid value "3" for flag -form: give it a whole number from 1 to 2; -h lists the flags` + "\n"},
		{"-plan 9a", 2, "", `lesson 9: an argument like "9a" needs -facts; -h lists the flags` + "\n"},
		{"-size 21", 2, "", `lesson 9: invalid value "21" for flag -size: give it a whole number from 1 to 20; -h lists the flags` + "\n"},
		{"-size x", 2, "", `lesson 9: invalid value "x" for flag -size: give it a whole number from 1 to 20; -h lists the flags` + "\n"},
		{"-unit 99ms", 2, "", `lesson 9: invalid value "99ms" for flag -unit: give it a time like 300ms from 100ms to 5s; -h lists the flags` + "\n"},
		{"-size", 2, "", "lesson 9: flag needs an argument: -size; -h lists the flags\n"},
		{"-fcats", 2, "", "lesson 9: unknown flag -fcats; -h lists the flags\n"},
		{"-plan more", 2, "", `lesson 9: an argument like "more" needs -facts; -h lists the flags` + "\n"},
	} {
		var stderr strings.Builder
		cmd := Command(strings.Fields(c.args)...)
		cmd.Stderr = &stderr
		stdout, err := cmd.Output()
		code := cmd.ProcessState.ExitCode()
		if code != c.code || string(stdout) != c.stdout || !strings.HasSuffix(stderr.String(), c.stderr) || strings.Count(stderr.String(), "\n") > 1 {
			t.Errorf("%s: exit code %d (%v), printed\n%s%s\nwant\n%s", c.args, code, err, stdout, stderr.String(), c.stdout)
		}
	}
}

// The plan has values of main.go. If the reader has changed them, it is another plan.
func TestChangedPlan(t *testing.T) {
	defer func(args []string) { arguments = args }(arguments)
	arguments = append(arguments, "-plan")
	changed := lesson
	changed.Sum = ""
	err := Prints(func() { Main(changed, program) }, "note   You have changed main.go, so this plan may be wrong:\nplan   size 3, loud false, tick 200ms\n",
		func(text string) string { return text[max(0, strings.Index(text, "note")):] })
	if err != nil {
		t.Error(err)
	}
}

func TestHelpNamesEveryFlag(t *testing.T) {
	out, err := Command("-h").CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"-facts", "-free", "-loud", "-plan", "-plain", "-unit", "-size N", "make it N wide (1 to 20; 3 by default)"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("-h does not say %q:\n%s", want, out)
		}
	}
}

// Ctrl-C ends all processes of a terminal, so an experiment may see what it should not.
func TestMeasureAfterCtrlC(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	facts := Facts{"9a": func(context.Context) (string, error) { interrupt(); return "A", nil }}
	if fact, err := facts.Measure(ctx, "9a"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %q, %v; want %v", fact, err, context.Canceled)
	}
}

func TestMeasureOfAnUnknownItem(t *testing.T) {
	if _, err := (Facts{}).Measure(t.Context(), "9z"); err == nil {
		t.Error("no error")
	}
}

func TestParagraphs(t *testing.T) {
	text := strings.Repeat("four five sixsix ", 8)
	for line := range strings.Lines(para("saw", text)) {
		if len(line)-1 > usualWidth || strings.TrimSpace(line[:7]) != "saw" && strings.TrimSpace(line[:7]) != "" || line[7] == ' ' {
			t.Errorf("%q", line)
		}
	}
	if got, want := para("try", "  -a   -b"), "try    -a -b\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestParagraphsInANarrowTerminal(t *testing.T) {
	for columns, want := range map[string]int{"60": 59, "7": 30, "200": usualWidth, "many": usualWidth} {
		t.Setenv("COLUMNS", columns)
		longest := 0
		for line := range strings.Lines(para("saw", strings.Repeat("x ", 200))) {
			longest = max(longest, len(line)-1)
		}
		if longest != want && longest != want-1 { // words have two columns here
			t.Errorf("COLUMNS=%s: the longest line has %d columns, want %d", columns, longest, want)
		}
	}
}

func TestProcessIDsHaveAliasesInTests(t *testing.T) {
	clear(aliases)
	if got, want := fmt.Sprintln(PID(700), PID(12), PID(700)), "#1 #2 #1\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	clear(aliases)
	if got, want := PID(12), "#1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestPrints(t *testing.T) {
	for text, same := range map[string]bool{"a\nb\n": true, "a\n": false} {
		if err := Prints(func() { Println("a\nb") }, text); (err == nil) != same {
			t.Errorf("Prints(a b, %q) = %v", text, err)
		}
	}
}

// A test that succeeds with some ticks is not tried with longer ones.
func TestPatiently(t *testing.T) {
	for right, want := range []string{"", " -unit " + longTick, " -unit " + longTick} {
		tried, n := "", -1
		err := Patiently(func(pace []string) error {
			tried += strings.Join(append([]string{""}, pace...), " ")
			if n++; n < right {
				return errors.New("too slow")
			}
			return nil
		})
		if tried != want || (err == nil) != (right < 2) {
			t.Errorf("if try %d is right: it tries%s, %v, want%s", right, tried, err, want)
		}
	}
}

// The output with longer ticks has the same lines.
func TestPrintsPatiently(t *testing.T) {
	const want = "LESSON 9  Is this a lesson?                                      (example 0)\n\n" +
		"plan   size 3, loud false, tick 200ms\n\nprints size 3, loud false, tick 200ms\n\n" +
		"saw    2 lives, exit code 0, changed false\ntry    -loud\n"
	defer func(usual time.Duration) { tick = usual }(tick)
	n := 0
	slow := func(text string) string {
		if n++; n == 1 {
			return "too slow"
		}
		return text
	}
	if err := PrintsPatiently(func() { Main(lesson, program) }, want, slow); err != nil || tick.String() != longTick {
		t.Errorf("%v, the last ticks were %v", err, tick)
	}
}

func TestDifference(t *testing.T) {
	for _, c := range []struct{ got, want, differ string }{
		{"a\nb\n", "a\nb\n", "<nil>"},
		{"a\nx\nc", "a\nb\nc", "line 2: got  x\nline 2: want b"},
		{"a\nnew\nb\nc", "a\nb\nc", "line 2: got  new"},
		{"a\nc\nx", "a\nb\nc\nd", "line 2: want b\nline 3: got  x\nline 4: want d"},
		{"", "a", "line 1: got  \nline 1: want a"},
	} {
		if differ := fmt.Sprint(difference(c.got, c.want)); differ != c.differ {
			t.Errorf("difference(%q, %q) =\n%s\nwant\n%s", c.got, c.want, differ, c.differ)
		}
	}
}
