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
// now or before wait is over. A Windows pipe has no deadline and cannot be waited
// for without reading, so await looks again and again. If bytes are there, await
// reads one: when a writer is killed, Windows takes back bytes of which none has
// been read. Then a value that breaks off would look like EOF after a whole value.
func (in *inlet) await(wait time.Duration) (bool, error) {
	if len(in.early) > 0 {
		return true, nil
	}
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
		if ok == 0 { // an error is the end of the pipe; the next read will tell
			return true, nil
		}
		if bytes > 0 {
			var b [1]byte
			n, _ := in.File.Read(b[:])
			in.early = append(in.early, b[:n]...)
			return true, nil
		}
		if !time.Now().Before(until) {
			return false, nil
		}
	}
}

// closePipe closes one end of a pipe and wakes up its readers and writers.
// os.File's Close cancels their calls only once. A goroutine that is about to
// read, but has not called the system yet, misses that and waits forever, and so
// does Close. So closePipe cancels again and again, through a handle of our own:
// the file's handle may belong to another file by then.
func closePipe(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var own syscall.Handle
	us := ^syscall.Handle(0) // this process
	if e := raw.Control(func(handle uintptr) {
		err = syscall.DuplicateHandle(us, syscall.Handle(handle), us, &own, 0, false, syscall.DUPLICATE_SAME_ACCESS)
	}); e != nil || err != nil {
		return f.Close()
	}
	defer syscall.CloseHandle(own)
	closed := make(chan error, 1)
	go func() { closed <- f.Close() }()
	for {
		select {
		case err := <-closed:
			return err
		case <-time.After(time.Millisecond):
			syscall.CancelIoEx(own, nil)
		}
	}
}

func brokenPipe(err error) bool {
	const noData = syscall.Errno(232) // ERROR_NO_DATA: the pipe is being closed
	return errors.Is(err, syscall.ERROR_BROKEN_PIPE) || errors.Is(err, noData)
}
