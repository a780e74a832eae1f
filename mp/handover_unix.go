//go:build unix

package mp

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// pass makes files part of a command. They arrive as 3, 4, 5, ...: os/exec
// promises that.
func pass(cmd *exec.Cmd, files []*os.File) (list string) {
	cmd.ExtraFiles = files
	if len(files) > manyFiles {
		keepLimit()
	}
	numbers := make([]string, len(files))
	for i := range files {
		numbers[i] = strconv.Itoa(3 + i)
	}
	return strings.Join(numbers, ",")
}

const manyFiles = 32

// keepLimit lets children have as many files as this process may have. Go
// would give them the lower limit that the program was started with. With
// many files, the loader of a program could then open none.
func keepLimit() {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	}
}

// adopt makes a file of what the parent handed over. It must not go on to
// programs that this process starts, and closing it must wake up its reader:
// only a non-blocking descriptor does that.
func adopt(number uintptr) *os.File {
	fd := int(number)
	syscall.CloseOnExec(fd)
	syscall.SetNonblock(fd, true)
	return os.NewFile(number, "pipe "+strconv.Itoa(fd))
}

// takeBack undoes what pass did to a file that stays after all: os/exec has
// switched it to blocking, and then Close no longer wakes up its reader.
func takeBack(f *os.File) {
	if raw, err := f.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { syscall.SetNonblock(int(fd), true) })
	}
}

// isStandard reports whether a file has the number of a standard stream.
func isStandard(f *os.File) (yes bool) {
	if raw, err := f.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { yes = fd <= 2 })
	}
	return yes
}
