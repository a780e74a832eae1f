//go:build unix

package mp

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// deadly are some signals that end a process.
var deadly = []os.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGABRT}

// killedText is what an error says of a process that somebody else has killed,
// or that has killed itself.
const killedText = "signal 9"

// Rule 9. A terminal sends SIGINT to all processes of a group at once: one
// clean end, no trace from any child, and the exit that a shell expects.
func TestCtrlC(t *testing.T) {
	cmd, stdout := program(t, "family")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Start()
	read(t, stdout, 1)
	syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
	ended(t, stdout)
	cmd.Wait()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGINT || stderr.Len() > 0 {
		t.Errorf("%v; stderr: %s", cmd.ProcessState, &stderr)
	}
}

// A second Ctrl-C ends a program that takes its time over the first.
func TestCtrlCTwice(t *testing.T) {
	cmd, stdout := program(t, "stubborn")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Start()
	read(t, stdout, 1)
	syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
	if got := read(t, stdout, 1); !strings.HasPrefix(got[0], "interrupted") {
		t.Error(got)
	}
	syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
	ended(t, stdout)
	cmd.Wait()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGINT || stderr.Len() > 0 {
		t.Errorf("%v; stderr: %s", cmd.ProcessState, &stderr)
	}
}

// limitFiles lets a command have so many files at most.
func limitFiles(cmd *exec.Cmd, n int) bool {
	cmd.Args = append([]string{"sh", "-c", fmt.Sprintf("ulimit -n %d; exec \"$0\" \"$@\"", n)}, cmd.Path)
	cmd.Path = "/bin/sh"
	return true
}

// openFiles counts the files of this process. Not every system lists them, but
// each gives a new file the lowest number that is free.
func openFiles() (n int) {
	var about syscall.Stat_t
	for fd := range 4096 { // far more than a test has
		if syscall.Fstat(fd, &about) == nil {
			n++
		}
	}
	return n
}
