//go:build unix

package mp

// Not on Windows: Ctrl-C goes to everybody at a console there, these tests and
// whoever runs them among them; and there need not be a console. That all end
// with main, TestKilledMainLeavesNobody tests there, too.

import (
	"bytes"
	"strings"
	"syscall"
	"testing"
)

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
