package lessons

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"processbook/mp"
)

func TestMain(m *testing.M) {
	mp.Init()
	RunTests(m, func() { mp.Main(run) })
}

// A small lesson, to be run by Command.
var (
	lesson = New(9, "Is this a lesson?", "example 0")
	clock  = lesson.Clock()
	size   = lesson.Int("size", 3, 1, 20, "make it `N` wide")
	loud   = lesson.Bool("loud", "shout")
)

func run(ctx context.Context) error {
	lesson.Begin()
	if lesson.Facts {
		return Facts{
			"9b": func(context.Context) (string, error) { return "two", nil },
			"9a": func(context.Context) (string, error) { return "one", nil },
			"9c": func(context.Context) (string, error) { return "", errors.New("it rains") },
			"9d": func(context.Context) (string, error) { return "four", nil },
		}.Print(ctx)
	}
	if lesson.Plan("size %d, loud %t, unit %v, free %t", *size, *loud, clock.Unit, clock.Free) {
		Para("saw", "nothing")
	}
	return nil
}

func TestArguments(t *testing.T) {
	const title = "LESSON 9  Is this a lesson?                                      (example 0)\n\n"
	for _, c := range []struct {
		args   string
		code   int
		stdout string
		stderr string
	}{
		{"", 0, title + "plan   size 3, loud false, unit 0s, free false\n\nsaw    nothing\n", ""},
		{"-plan -size 20 -loud", 0, title + "plan   size 20, loud true, unit 0s, free false\n", ""},
		{"-plan -unit 300ms -free", 0, title + "plan   size 3, loud false, unit 300ms, free true\n", ""},
		{"-facts", 1, "9a\tone\n9b\ttwo\n9d\tfour\n", "9c: it rains\n"},
		{"-size 21", 2, "", `lesson 9: invalid value "21" for flag -size: give it a whole number from 1 to 20; -h lists the flags` + "\n"},
		{"-size x", 2, "", `lesson 9: invalid value "x" for flag -size: give it a whole number from 1 to 20; -h lists the flags` + "\n"},
		{"-unit -1s", 2, "", `lesson 9: invalid value "-1s" for flag -unit: give it a time like 300ms from 0s to 5s; -h lists the flags` + "\n"},
		{"-size", 2, "", "lesson 9: flag needs an argument: -size; -h lists the flags\n"},
		{"-fcats", 2, "", "lesson 9: there is no flag -fcats; -h lists the flags\n"},
		{"-plan more", 2, "", `lesson 9: there is nothing to do with "more"; -h lists the flags` + "\n"},
	} {
		var stderr strings.Builder
		cmd := Command(strings.Fields(c.args)...)
		cmd.Stderr = &stderr
		stdout, err := cmd.Output()
		code := cmd.ProcessState.ExitCode()
		if code != c.code || string(stdout) != c.stdout || !strings.HasSuffix(stderr.String(), c.stderr) {
			t.Errorf("%s: exit code %d (%v), printed\n%s%s", c.args, code, err, stdout, stderr.String())
		}
	}
}

func TestHelpNamesEveryFlag(t *testing.T) {
	out, err := Command("-h").CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"-facts", "-free", "-loud", "-plan", "-unit", "-size N", "make it N wide (1 to 20; 3 unless given)"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("-h does not say %q:\n%s", want, out)
		}
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
	restartAliases()
	if got, want := fmt.Sprintln(PID(700), PID(12), PID(700)), "#1 #2 #1\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	restartAliases()
	if got, want := PID(12), "#1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestPrints(t *testing.T) {
	for text, same := range map[string]bool{"a\nb\n": true, "a\n": false} {
		if err := Prints(func() { Print("a\nb\n") }, text); (err == nil) != same {
			t.Errorf("Prints(a b, %q) = %v", text, err)
		}
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
