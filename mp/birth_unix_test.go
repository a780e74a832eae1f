//go:build unix

package mp

import (
	"os"
	"syscall"
)

const canExecSelf = true

func execSelf() { syscall.Exec(os.Args[0], os.Args, os.Environ()) }
