package lessons

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"processbook/mp"
)

const asProgram = "LESSON_AS_PROGRAM" // set by Command, for RunTests

// RunTests is a lesson's TestMain:
//
//	func TestMain(m *testing.M) { lessons.RunTests(m, main) }
//
// The tests can then call main, which sees no arguments and prints an alias for each
// process ID (see [PID]), so that its output can be compared: see [Prints]. Or they
// can run main as a separate program: see [Command].
func RunTests(m interface{ Run() int }, main func()) {
	if os.Getenv(asProgram) != "" || os.Getenv(recordVar) != "" {
		main() // the children of that program also run it
		os.Exit(0)
	}
	mp.Init()
	os.Unsetenv("COLUMNS")         // what lessons print is compared
	flag.Set("test.parallel", "4") // most of them wait
	flag.Parse()                   // the arguments are for go test
	os.Args = os.Args[:1]          // so the lesson has no arguments
	arguments = os.Args
	aliases = make(map[int]int)
	os.Exit(m.Run())
}

var aliases map[int]int // of PIDs; nil except in tests

// alias returns #1 for the first process printed, then #2. PIDs differ from run to
// run.
func alias(pid int) string {
	if aliases[pid] == 0 {
		aliases[pid] = len(aliases) + 1
	}
	return "#" + strconv.Itoa(aliases[pid])
}

// printedPID is how a program prints a PID. Another number may be equal to a PID.
var printedPID = regexp.MustCompile(`\b(PID|parent) (\d+)\b`)

// comparable returns the output as tests compare it: with aliases for the PIDs, and
// sorted if the system decides the order.
func (r *Run) comparable(anyOrder bool) string {
	lines := strings.SplitAfter(r.Output, "\n")
	if anyOrder {
		slices.Sort(lines)
	}
	return printedPID.ReplaceAllStringFunc(strings.Join(lines, ""), func(text string) string {
		word, number, _ := strings.Cut(text, " ")
		pid, _ := strconv.Atoi(number)
		if slices.ContainsFunc(r.Lives, func(l Life) bool { return l.PID == pid || pid == os.Getpid() }) {
			return word + " " + PID(pid)
		}
		return text
	})
}

// Check measures all facts, and reports those that differ from want.
func (f Facts) Check(ctx context.Context, want map[string]string) error {
	var wrong []error
	for _, item := range slices.Sorted(maps.Keys(f)) {
		if got, err := f.Measure(ctx, item); err != nil || got != want[item] {
			wrong = append(wrong, fmt.Errorf("Measure(%q) = %q, %v, want %q", item, got, err, want[item]))
		}
	}
	if len(f) != len(want) {
		wrong = append(wrong, fmt.Errorf("%d experiments, want %d", len(f), len(want)))
	}
	return errors.Join(wrong...)
}

// Prints runs main. The error has the lines of its output that differ from want. If
// the system decides some of the output, each function in same replaces that by a text
// that is always the same.
func Prints(main func(), want string, same ...func(string) string) error {
	file, err := os.CreateTemp("", "output")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	defer func(terminal *os.File) { os.Stdout = terminal }(os.Stdout)
	os.Stdout = file
	main()
	text, err := os.ReadFile(file.Name())
	got := string(text)
	for _, f := range same {
		got, want = f(got), f(want)
	}
	return errors.Join(err, file.Close(), difference(got, want))
}

// Patiently tries a test of a program that sleeps. Its processes do things in a certain
// order only if none of them waits longer for a CPU than the others sleep. So if try
// fails, Patiently calls it again, with flags that make the ticks longer. But if the
// reader has changed main.go, a test that fails is no surprise, and need not take long.
func Patiently(try func(pace []string) error) error {
	err := try(nil)
	if err == nil || readerHasChanged() {
		return err
	}
	again := try([]string{"-unit", longTick})
	if again == nil {
		return nil
	}
	return errors.Join(err, again)
}

func readerHasChanged() bool {
	plan, _ := Command("-plan").Output()
	return Contains(plan, "You have changed main.go")
}

// ChangedPatiently is [Changed] for a program that sleeps: see [Patiently].
func ChangedPatiently(name string, want []string, args ...string) error {
	return Patiently(func(pace []string) error { return Changed(name, want, append(args, pace...)...) })
}

// OutputPatiently runs a lesson that sleeps, with arguments separated by blanks: see
// [Patiently]. The lesson must succeed, and its output must be right.
func OutputPatiently(args string, right func(out []byte) bool) error {
	return Patiently(func(pace []string) error {
		out, err := Command(append(strings.Fields(args), pace...)...).CombinedOutput()
		if err != nil || !right(out) {
			return fmt.Errorf("%s: got %v and\n%s", args, err, out)
		}
		return nil
	})
}

const longTick = "2.75s" // in a line of text, as long as "200ms"

// PrintsPatiently is [Prints] for a program that sleeps: see [Patiently].
func PrintsPatiently(main func(), want string, same ...func(string) string) error {
	defer func() { arguments = os.Args }()
	return Patiently(func(pace []string) error {
		arguments = append([]string{os.Args[0]}, pace...)
		return Prints(main, want, append(same, usualTicks)...)
	})
}

// usualTicks replaces the length of a long tick by the usual one.
func usualTicks(text string) string { return strings.ReplaceAll(text, longTick, "200ms") }

// difference returns an error with the lines that differ, as few as possible, or
// nil.
func difference(got, want string) error {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	common := make([][]int, len(g)+1) // so many lines, from g[i] and w[j] on
	for i := len(g); i >= 0; i-- {
		common[i] = make([]int, len(w)+1)
		for j := len(w) - 1; j >= 0 && i < len(g); j-- {
			if common[i][j] = max(common[i+1][j], common[i][j+1]); g[i] == w[j] {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	var differ []error
	for i, j := 0, 0; i < len(g) || j < len(w); {
		switch {
		case i < len(g) && j < len(w) && g[i] == w[j]:
			i, j = i+1, j+1
		case j == len(w) || i < len(g) && common[i+1][j] >= common[i][j+1]:
			i++
			differ = append(differ, fmt.Errorf("line %d: got  %s", i, g[i-1]))
		default:
			j++
			differ = append(differ, fmt.Errorf("line %d: want %s", j, w[j-1]))
		}
	}
	return errors.Join(differ...)
}

// Command runs the lesson as a separate program, with these arguments. A test needs
// it to see an exit code, or to kill the lesson.
func Command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// Contains reports whether a lesson has printed a text. Line breaks do not count.
func Contains(out []byte, text string) bool {
	return strings.Contains(strings.Join(strings.Fields(string(out)), " "), strings.Join(strings.Fields(text), " "))
}

// ChangeVar is an environment variable: the name of a changed main.go, as a reader
// may write it. See [Changed].
const ChangeVar = "LESSON_CHANGE"

// Changed runs the lesson with that program. The error has the texts that the lesson
// does not print.
func Changed(name string, want []string, args ...string) error {
	cmd := Command(args...)
	cmd.Env = append(cmd.Env, ChangeVar+"="+name)
	out, err := cmd.Output()
	var wrong []error
	for _, text := range want {
		if !Contains(out, text) {
			wrong = append(wrong, fmt.Errorf("%v, the lesson does not say %q:\n%s", err, text, out))
		}
	}
	return errors.Join(wrong...)
}

// Refused runs the lesson with wrong arguments, separated by blanks. The lesson must
// print one sentence, and exit with code 2.
func Refused(args string) error {
	var stdout, stderr strings.Builder
	cmd := Command(strings.Fields(args)...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 2 || stdout.Len() != 0 || strings.Count(stderr.String(), "\n") != 1 {
		return fmt.Errorf("%s: %v\n%s%s", args, err, &stdout, &stderr)
	}
	return nil
}

// Cramped runs the lesson, with arguments separated by blanks, with at most 64 files
// for each process. It must work, or say in one sentence what to do.
func Cramped(args string) error {
	if runtime.GOOS == "windows" {
		return nil // Windows has no such limit
	}
	var stderr strings.Builder
	cmd := Command()
	cmd.Args = append([]string{"sh", "-c", "ulimit -n 64; exec \"$0\" \"$@\"", cmd.Path}, strings.Fields(args)...)
	cmd.Path, cmd.Stderr = "/bin/sh", &stderr
	err := cmd.Run()
	refused := cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == 1 &&
		strings.Count(stderr.String(), "\n") == 1 && strings.Contains(stderr.String(), ": too many open files; ")
	if err != nil && !refused || err == nil && stderr.Len() > 0 {
		return fmt.Errorf("%s with 64 files: %v\n%s", args, err, &stderr)
	}
	return nil
}

// Killed runs the lesson with arguments, separated by blanks, and kills it some time
// after it has printed this line. Then all of its processes must end: that is when
// the standard output, which all of them have, gets EOF.
func Killed(args, line string, later time.Duration) error {
	dir, err := os.MkdirTemp("", "killed")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	cmd := Command(strings.Fields(args)...)
	cmd.Env = append(cmd.Environ(), "TMPDIR="+dir, "TMP="+dir) // it cannot remove its file any more
	story, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	cmd.Stderr = cmd.Stdout // all processes have it; a program's standard output may end with the lesson
	if err := cmd.Start(); err != nil {
		return err
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	seen := false
	for lines := bufio.NewScanner(story); !seen && lines.Scan(); {
		seen = strings.Contains(lines.Text(), line)
	}
	if !seen {
		return fmt.Errorf("%q never came", line)
	}
	<-time.After(later) // any moment will do
	cmd.Process.Kill()
	gone := make(chan struct{})
	go func() { // ends when the last process has ended
		defer close(gone)
		io.Copy(io.Discard, story)
	}()
	select {
	case <-gone:
		return nil
	case <-time.After(Limit):
		return fmt.Errorf("%q: a process still runs, %v after the lesson was killed", line, Limit)
	}
}
