package mp

// Only on Linux: each system has its own way to make a terminal. The tests in
// interrupt_unix_test.go send the same signals on every Unix.

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// terminal makes a terminal. A test writes to keys, as a person would type.
func terminal(t *testing.T) (keys, screen *os.File) {
	t.Helper()
	keys, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keys.Close() })
	var number, unlocked int32
	raw, _ := keys.SyscallConn() // not Fd: that would make it blocking
	raw.Control(func(fd uintptr) {
		for request, v := range map[uintptr]*int32{syscall.TIOCGPTN: &number, syscall.TIOCSPTLCK: &unlocked} {
			if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(unsafe.Pointer(v))); errno != 0 {
				t.Fatal(errno)
			}
		}
	})
	screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return keys, screen
}

// Ctrl-C at a terminal, once or twice: all processes end, without a stack trace,
// and the program ends by SIGINT, as a shell expects. The shell lives until all
// have ended, because its own end would end them.
func TestCtrlCAtATerminal(t *testing.T) {
	t.Parallel()
	const ctrlC, script = "\x03", `trap : INT; "$0"; echo "status $?" >&2; exec >&-; read enter`
	for _, test := range []struct{ program, first, heard, second string }{
		{"family", ctrlC, "", ""},
		{"family", ctrlC + ctrlC, "", ""},
		{"stubborn", ctrlC, "interrupted", ctrlC},
	} {
		t.Run(fmt.Sprintf("%s %q %q", test.program, test.first, test.second), func(t *testing.T) {
			keys, screen := terminal(t)
			cmd, stdout := program(t, test.program)
			cmd.Path, cmd.Args = "/bin/sh", []string{"sh", "-c", script, cmd.Path}
			cmd.Stdin, cmd.Stderr = screen, screen
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			err := cmd.Start()
			screen.Close()
			if err != nil {
				t.Fatal(err)
			}
			read(t, stdout, 1)
			keys.WriteString(test.first)
			if test.heard != "" {
				read(t, stdout, 1)
			}
			keys.WriteString(test.second)
			ended(t, stdout)
			keys.WriteString("\n")
			seen := strings.Fields(strings.ReplaceAll(ended(t, keys), "^C", ""))
			if !slices.Equal(seen, []string{"status", "130"}) {
				t.Errorf("the screen shows %q", seen)
			}
		})
	}
}
