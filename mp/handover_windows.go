package mp

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// pass makes files part of a command. Windows has no ExtraFiles: handles keep
// their numbers in the child, and only those named here are inherited.
func pass(cmd *exec.Cmd, files []*os.File) (list string) {
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	numbers := make([]string, len(files))
	for i, f := range files {
		h := syscall.Handle(f.Fd())
		syscall.SetHandleInformation(h, syscall.HANDLE_FLAG_INHERIT, syscall.HANDLE_FLAG_INHERIT)
		cmd.SysProcAttr.AdditionalInheritedHandles = append(cmd.SysProcAttr.AdditionalInheritedHandles, h)
		numbers[i] = strconv.FormatUint(uint64(h), 10)
	}
	return strings.Join(numbers, ",")
}

// adopt makes a file of what the parent handed over, and keeps it from
// programs that this process starts.
func adopt(number uintptr) *os.File {
	syscall.SetHandleInformation(syscall.Handle(number), syscall.HANDLE_FLAG_INHERIT, 0)
	return os.NewFile(number, "pipe "+strconv.FormatUint(uint64(number), 10))
}

func takeBack(*os.File) {} // pass has changed nothing that must be undone

func isStandard(*os.File) bool { return false } // Windows never gives a standard stream's number to another file
