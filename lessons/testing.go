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
// The tests can then call main, which sees no arguments and prints an alias
// for each process ID (see [PID]), so that its output can be compared: see
// [Prints]. Or they can run main as a program of its own: see [Command].
func RunTests(m interface{ Run() int }, main func()) {
	if os.Getenv(asProgram) != "" || os.Getenv(recordVar) != "" {
		main() // in children of that program, too
		os.Exit(0)
	}
	mp.Init()
	os.Unsetenv("COLUMNS")         // what lessons print is compared
	flag.Set("test.parallel", "4") // most of them wait
	flag.Parse()                   // the arguments are for go test
	os.Args = os.Args[:1]          // and none is left for the lesson
	aliases = make(map[int]int)
	os.Exit(m.Run())
}

var number = regexp.MustCompile(`\b\d+\b`)

// comparable is the output for a test: with aliases for the PIDs, and sorted if
// the order of its lines is the system's affair.
func (r *Run) comparable(anyOrder bool) string {
	lines := strings.SplitAfter(r.Output, "\n")
	if anyOrder {
		slices.Sort(lines)
	}
	return number.ReplaceAllStringFunc(strings.Join(lines, ""), func(n string) string {
		pid, _ := strconv.Atoi(n)
		if slices.ContainsFunc(r.Lives, func(l Life) bool { return l.PID == pid || pid == os.Getpid() }) {
			return PID(pid)
		}
		return n
	})
}

// Check measures all facts and says which of them are not those wanted.
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

// Prints runs main. The error has the lines in which its output is not what is
// wanted.
func Prints(main func(), want string) error {
	file, err := os.CreateTemp("", "output")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	defer func(terminal *os.File) { os.Stdout = terminal }(os.Stdout)
	os.Stdout = file
	main()
	got, err := os.ReadFile(file.Name())
	return errors.Join(err, file.Close(), difference(string(got), want))
}

// difference is nil if there is none. It leaves out as many lines as possible
// that both have, in the same order.
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

// Command is the lesson that is being tested, as a program of its own with
// these arguments: for what a test cannot do in its own process, such as
// looking at an exit code or being killed.
func Command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// Contains reports whether a lesson has printed a text. It does not mind how the
// lines are broken.
func Contains(out []byte, text string) bool {
	return strings.Contains(strings.Join(strings.Fields(string(out)), " "), strings.Join(strings.Fields(text), " "))
}

// ChangeVar is the variable in the environment that has the name of a program
// that a reader may make of main.go: see [Changed].
const ChangeVar = "LESSON_CHANGE"

// Changed runs the lesson with that program. The error has the texts that it
// does not say.
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

// Refused runs the lesson with arguments, separated by blanks, that it should
// refuse: with exit status 2 and one sentence. The error is what it did instead.
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

// Cramped runs the lesson, with arguments separated by blanks, where a process
// may have 64 files: enough, or it says in one sentence what to do. The error
// is what it did instead.
func Cramped(args string) error {
	if runtime.GOOS == "windows" {
		return nil // there is no such limit
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

// Killed runs the lesson with arguments, separated by blanks, kills it some
// time after it has printed a certain line, and says whether anybody is left.
// Whoever is left holds the standard output that all of the family share.
func Killed(args, line string, later time.Duration) error {
	cmd := Command(strings.Fields(args)...)
	story, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	cmd.Stderr = cmd.Stdout // all of the family share it; a program's standard output may end with the lesson
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
	go func() { // ends when the last of the family is gone
		defer close(gone)
		io.Copy(io.Discard, story)
	}()
	select {
	case <-gone:
		return nil
	case <-time.After(Limit):
		return fmt.Errorf("%q: somebody is still there %v after the lesson was killed", line, Limit)
	}
}
