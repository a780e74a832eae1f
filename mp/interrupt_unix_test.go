//go:build unix

package mp

// Not on Windows: there, Ctrl-C goes to all processes of a console, also to these
// tests and to the go command. And there may be no console. On Windows,
// TestKilledMainLeavesNobody tests that all processes end with main.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
)

// A terminal sends SIGINT to all processes of a group at once. All of them end,
// without a stack trace, and the program ends by SIGINT, as a shell expects.
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

func init() {
	programs["handles Ctrl-C"] = func(ctx context.Context) error {
		interrupted := make(chan os.Signal, 1)
		signal.Notify(interrupted, os.Interrupt)
		q := NewQueue[int](0)
		err := NewProcess(takeAll, q).Start(context.Background())
		fmt.Println("ready")
		<-interrupted
		return errors.Join(err, q.Close())
	}
	programs["closes nothing"] = func(ctx context.Context) error {
		return NewProcess(takeAll, NewQueue[int](0)).Start(ctx)
	}
}

// Ctrl-C also ends a program by SIGINT while Main waits for the children, because
// their work is not done.
func TestCtrlCAtTheEnd(t *testing.T) {
	t.Parallel()
	cmd, stdout := program(t, "closes nothing")
	stderr, _ := cmd.StderrPipe()
	cmd.Start()
	inTime(t, "the line that says what Main waits for", func() { stderr.Read(make([]byte, 1)) })
	cmd.Process.Signal(syscall.SIGINT)
	inTime(t, "the end", func() { io.Copy(io.Discard, stderr) })
	ended(t, stdout)
	cmd.Wait()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGINT {
		t.Error(cmd.ProcessState)
	}
}

// A program that handles Ctrl-C itself succeeds, although its children may end
// after run. (On a slow machine, that is so because of signal.Stop in Main: this test
// does not make the machine slow.)
func TestCtrlCThatRunHandles(t *testing.T) {
	t.Parallel()
	for range 10 {
		cmd, stdout := program(t, "handles Ctrl-C")
		cmd.Start()
		read(t, stdout, 1)
		cmd.Process.Signal(syscall.SIGINT)
		ended(t, stdout)
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
}

// A second Ctrl-C ends a program that has not ended after the first one.
func TestCtrlCTwice(t *testing.T) {
	t.Parallel()
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
