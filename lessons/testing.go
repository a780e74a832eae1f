package lessons

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
)

const asProgram = "LESSON_AS_PROGRAM" // set by Command, for RunTests

// RunTests is the rest of a lesson's TestMain:
//
//	func TestMain(m *testing.M) {
//		mp.Init()
//		lessons.RunTests(m, main)
//	}
//
// The tests can then call main, which sees no arguments and prints an alias
// for each process ID (see [PID]), so that an Example's Output can be compared.
// Or they can run main as a program of its own: see [Command].
func RunTests(m interface{ Run() int }, main func()) {
	if os.Getenv(asProgram) != "" {
		os.Unsetenv(asProgram)
		main()
		os.Exit(0)
	}
	flag.Parse()          // the arguments are for go test
	os.Args = os.Args[:1] // and none is left for the lesson
	aliases.of = make(map[int]int)
	os.Exit(m.Run())
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

// Command is the lesson that is being tested, as a program of its own with
// these arguments: for what a test cannot do in its own process, such as
// looking at an exit code or being killed.
func Command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}
