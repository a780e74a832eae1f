//go:build unix

package mp

import (
	"os"
	"os/exec"
	"syscall"
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
