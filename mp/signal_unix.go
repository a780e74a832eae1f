//go:build unix

package mp

import (
	"fmt"
	"os"
	"syscall"
)

// terminate asks a process to end. A suspended process would see the signal
// only later, so SIGCONT resumes it.
func terminate(p *os.Process) error {
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	p.Signal(syscall.SIGCONT) // an error says that it has ended
	return nil
}

func kill(p *os.Process) error { return p.Kill() }

// exitCode is Python's: -n if signal n ended the process, whatever mp has
// sent.
func exitCode(state *os.ProcessState, sent int) int {
	if w, ok := state.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return -int(w.Signal())
	}
	return state.ExitCode()
}

func signalName(n int) string {
	return fmt.Sprintf("signal %d (%v)", n, syscall.Signal(n))
}

// interruptSelf ends this process as Ctrl-C would have done, so that a shell
// which runs a script knows to stop the script as well.
func interruptSelf() {
	syscall.Kill(os.Getpid(), syscall.SIGINT)
}
