package mp

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// terminate ends a process. Windows knows no signal that asks.
func terminate(p *os.Process) error { return kill(p) }

// kill ends a process. For a child of this process, access denied means that
// it is already ending, and invalid argument that this process has waited for
// it.
func kill(p *os.Process) error {
	err := p.Kill()
	if errors.Is(err, syscall.ERROR_ACCESS_DENIED) || errors.Is(err, syscall.EINVAL) {
		return os.ErrProcessDone
	}
	return err
}

// exitCode is what Python would say. Windows does not tell why a process
// ended, so it is our own Terminate or Kill that counts, if there was one.
func exitCode(state *os.ProcessState, sent int) int {
	if sent != 0 && state.ExitCode() == 1 { // as os.Process.Kill leaves it
		return sent
	}
	return int(int32(state.ExitCode()))
}

func signalName(n int) string {
	switch n {
	case 15:
		return "Terminate"
	case 9:
		return "Kill"
	}
	return fmt.Sprintf("code %d", -n)
}

func interruptSelf() { os.Exit(130) }
