package lessons

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// printInto runs the lesson with this standard output.
func printInto(t *testing.T, stdout *os.File, args string) (code int, complaint string) {
	t.Helper()
	var stderr strings.Builder
	cmd := Command(strings.Fields(args)...)
	cmd.Stdout, cmd.Stderr = stdout, &stderr
	cmd.Run()
	return cmd.ProcessState.ExitCode(), stderr.String()
}

// Nobody reads any more, as after "| head -1".
func TestAReaderMayGo(t *testing.T) {
	for _, args := range []string{"", "-h", "-plan"} {
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		reader.Close()
		if code, complaint := printInto(t, writer, args); code != 0 || complaint != "" {
			t.Errorf("%q into a closed pipe: exit code %d, want 0 and no words:\n%s", args, code, complaint)
		}
		writer.Close()
	}
}

// A file that was opened to be read is as bad as a full disk, and every system has it.
func TestOutputThatIsLostIsNoSuccess(t *testing.T) {
	readOnly, err := os.Open("print_test.go")
	if err != nil {
		t.Fatal(err)
	}
	defer readOnly.Close()
	checkLost(t, readOnly)
}

func checkLost(t *testing.T, stdout *os.File) {
	t.Helper()
	for _, args := range []string{"", "-h", "-plan", "-facts"} {
		code, complaint := printInto(t, stdout, args)
		if code != 1 || strings.Count(complaint, "\n") != 1 || !strings.Contains(complaint, ": the rest of the lesson is lost: write ") {
			t.Errorf("%q: exit code %d, want 1 and that the rest is lost:\n%s", args, code, complaint)
		}
	}
}

func TestNoPlaceForFiles(t *testing.T) {
	for _, name := range []string{"TMPDIR", "TMP", "TEMP"} { // the systems differ
		t.Setenv(name, filepath.Join(t.TempDir(), "none"))
	}
	dir, err := TempDir("nowhere")
	if err == nil || !strings.HasPrefix(err.Error(), "no place for files: set TMP") {
		t.Errorf("TempDir() = %q, %v, want an error that says what to set", dir, err)
	}
}
