//go:build unix

package mp

// The tests use these functions of the system. system_windows_test.go has the
// same functions for Windows.

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
)

// deadly has some signals that end a process.
var deadly = []os.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGABRT}

// killedText is in the error of a process that was killed, but not with mp.
const killedText = "signal 9"

// terminateAsks says that a process may refuse to end by Terminate.
const terminateAsks = true

// suspend suspends a process.
func suspend(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
}

// waitSuspended waits until a child is suspended. The child must not end before
// that, because then Join would miss its end.
func waitSuspended(t *testing.T, pid int) {
	t.Helper()
	inTime(t, "a child to be suspended", func() {
		var status syscall.WaitStatus
		_, err := syscall.Wait4(pid, &status, syscall.WUNTRACED, nil)
		for err == syscall.EINTR {
			_, err = syscall.Wait4(pid, &status, syscall.WUNTRACED, nil)
		}
		if err != nil || !status.Stopped() {
			t.Errorf("Wait4() = %v, status %v", err, status)
		}
	})
}

func suspendSelf() { syscall.Kill(os.Getpid(), syscall.SIGSTOP) }

func resume(pid int) { syscall.Kill(pid, syscall.SIGCONT) }

// layFuse returns a function that waits until another process calls light.
func layFuse() (wait func()) {
	lit := make(chan os.Signal, 1)
	signal.Notify(lit, syscall.SIGUSR1)
	return func() { <-lit }
}

func light(pid int) { syscall.Kill(pid, syscall.SIGUSR1) }

// limitFiles lets a command have at most n files.
func limitFiles(cmd *exec.Cmd, n int) bool {
	cmd.Args = append([]string{"sh", "-c", fmt.Sprintf("ulimit -n %d; exec \"$0\" \"$@\"", n)}, cmd.Path)
	cmd.Path = "/bin/sh"
	return true
}

// openFiles counts the files of this process. Not every system lists them, but
// every system gives a new file the lowest free number.
func openFiles() (n int) {
	var about syscall.Stat_t
	for fd := range 4096 { // far more than a test has
		if syscall.Fstat(fd, &about) == nil {
			n++
		}
	}
	return n
}

// zombies counts the children that have ended, but that this process has not
// waited for. Call it when there should be no children.
func zombies() (n int) {
	for {
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return n
		}
		n++
	}
}
