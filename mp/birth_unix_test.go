//go:build unix

package mp

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

const canExecute = true

// execute replaces this process by another program, or by this one again.
func execute(args []string) {
	if len(args) == 0 {
		args = os.Args
	}
	if path, err := exec.LookPath(args[0]); err == nil {
		syscall.Exec(path, args, os.Environ())
	}
}

// Start returns although the child is suspended, and so does not read its long
// argument. When it is resumed, it gets the argument.
func TestStartDoesNotWaitUntilTheArgumentIsRead(t *testing.T) {
	t.Setenv(birth, "suspend")
	ours, theirs := Pipe[None, int]()
	p := NewProcess(weigh, cargo{make([]byte, 32<<20), theirs})
	inTime(t, "Start", func() {
		if err := p.Start(t.Context()); err != nil {
			t.Error(err)
		}
	})
	waitSuspended(t, p.PID())
	resume(p.PID())
	if n, err := ours.Recv(); n != 32<<20 || err != nil {
		t.Errorf("Recv() = %d, %v; want %d", n, err, 32<<20)
	}
	p.Join(soon(t))
}
