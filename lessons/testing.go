package lessons

import (
	"flag"
	"os"
	"os/exec"
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

// Command is the lesson that is being tested, as a program of its own with
// these arguments: for what a test cannot do in its own process, such as
// looking at an exit code or being killed.
func Command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}
