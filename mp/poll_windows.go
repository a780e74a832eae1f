package mp

import (
	"errors"
	"os"
	"syscall"
	"time"
	"unsafe"
)

var peekNamedPipe = syscall.NewLazyDLL("kernel32.dll").NewProc("PeekNamedPipe")

// await reports whether there is something to read, or the end of the pipe,
// now or within so long. A Windows pipe has no deadline and cannot be waited
// for without reading, so it is looked at again and again.
func (in *inlet) await(wait time.Duration) (bool, error) {
	for until := time.Now().Add(wait); ; time.Sleep(time.Millisecond) {
		raw, err := in.SyscallConn()
		if err != nil {
			return false, err
		}
		var bytes uint32
		var ok uintptr
		if err := raw.Control(func(handle uintptr) {
			ok, _, _ = peekNamedPipe.Call(handle, 0, 0, 0, uintptr(unsafe.Pointer(&bytes)), 0)
		}); err != nil {
			return false, os.ErrClosed
		}
		if ok == 0 || bytes > 0 { // an error is the end of the pipe; the next read will tell
			return true, nil
		}
		if !time.Now().Before(until) {
			return false, nil
		}
	}
}

func brokenPipe(err error) bool {
	const noData = syscall.Errno(232) // ERROR_NO_DATA: the pipe is being closed
	return errors.Is(err, syscall.ERROR_BROKEN_PIPE) || errors.Is(err, noData)
}
