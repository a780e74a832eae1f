package main

import (
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

const output = `LESSON 5  Which process is this?                          (examples 2, 3, 4)

plan   main starts "Worker 1", "Worker 2", one with no name (it has a
       child), and 2 more, all named "Twin". Everybody calls whoami(): each
       of them, main before and after that, and a goroutine of main.

called in            mp.Current().Name    os.Getpid()   os.Getppid()
main                 MainProcess          #1            #2
child 1              Worker 1             #3            #1
child 2              Worker 2             #4            #1
child 3              Process-3            #5            #1
  its child          Process-3:1          #6            #5
child 4              Twin                 #7            #1
child 5              Twin                 #8            #1
main again           MainProcess          #1            #2
a goroutine          MainProcess          #1            #2

  #2  what started this program: go run, a shell, a test
   +- #1  MainProcess
       +- #3  Worker 1
       +- #4  Worker 2
       +- #5  Process-3
       |   +- #6  Process-3:1
       +- #7  Twin
       +- #8  Twin

saw    2 processes named Twin have 2 IDs: a name is yours to choose, an ID
       is the system's. The one made without a name is Process-3: the
       numbers count every process that was made, named or not. main, asked
       again, is MainProcess: current is whoever asks, not who started last.
       Its goroutine gives the same answer: it is no process, it is in one.
try    -depth 4, -twins 5, -depth 1
`

// A number in a name counts what its maker has made so far. So the facts need
// a program of their own, and no test here may make a Process: the Example's
// would have another name.
func TestFacts(t *testing.T) {
	out, err := lessons.Command("-facts").CombinedOutput()
	want := strings.Join([]string{
		"5a\tProcess-3",
		"5b\tMainProcess",
		"5c\tmain, Child",
		"5d\t1 2",
		"5e\t3",
		"5f\tNew, Old",
		"",
	}, "\n")
	if string(out) != want || err != nil {
		t.Errorf("-facts: %v\n%swant\n%s", err, out, want)
	}
}

func TestEverybodyIsInTheTreeOnce(t *testing.T) {
	for args, want := range map[string][]string{
		"-depth 1":          {"MainProcess", "Worker 1", "Worker 2", "Process-3", "Twin", "Twin"},
		"-depth 4":          {"MainProcess", "Worker 1", "Worker 2", "Process-3", "Process-3:1", "Process-3:1:1", "Process-3:1:1:1", "Twin", "Twin"},
		"-twins 4 -depth 1": {"MainProcess", "Worker 1", "Worker 2", "Process-3", "Twin", "Twin", "Twin", "Twin"},
		"-twins 9 -depth 5": nil,
	} {
		out, err := lessons.Command(strings.Fields(args)...).Output()
		if err != nil {
			t.Errorf("%s: %v\n%s", args, err, out)
		}
		var got []string
		ids := make(map[string]bool)
		for line := range strings.Lines(string(out)) {
			if len(line) > 77 || strings.HasSuffix(line, " \n") {
				t.Errorf("%s: a long line, or blanks at its end: %q", args, line)
			}
			if _, who, ok := strings.Cut(line, "+- "); ok {
				id, name, _ := strings.Cut(strings.TrimSpace(who), "  ")
				got, ids[id] = append(got, name), true
			}
		}
		if want != nil && strings.Join(got, ", ") != strings.Join(want, ", ") || len(ids) != len(got) {
			t.Errorf("%s: %q with %d IDs, want %q, each with one of its own", args, got, len(ids), want)
		}
	}
}

func TestWrongArgumentsAreOneSentence(t *testing.T) {
	for _, args := range []string{"-depth 0", "-depth 6", "-twins 1", "-twins 10", "-twins", "-unit 1s", "twin"} {
		if err := lessons.Refused(args); err != nil {
			t.Error(err)
		}
	}
}
