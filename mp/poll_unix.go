//go:build unix

package mp

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// await reports whether there is something to read, or the end of the pipe,
// now or before wait is over.
func (in *inlet) await(wait time.Duration) (bool, error) {
	if len(in.early) > 0 {
		return true, nil
	}
	var b [1]byte
	n, err := in.readNow(b[:])
	if errors.Is(err, syscall.EAGAIN) && wait > 0 {
		in.SetReadDeadline(time.Now().Add(wait))
		n, err = in.File.Read(b[:])
		in.SetReadDeadline(time.Time{})
	}
	in.early = append(in.early, b[:max(n, 0)]...)
	if errors.Is(err, syscall.EAGAIN) || errors.Is(err, os.ErrDeadlineExceeded) {
		return false, nil
	}
	if errors.Is(err, os.ErrClosed) {
		return false, err
	}
	return true, nil // a byte, the end, or an error that the next read will tell
}

// readNow reads what is there and does not wait for more.
func (in *inlet) readNow(b []byte) (n int, err error) {
	raw, err := in.SyscallConn()
	if err != nil {
		return 0, err
	}
	if e := raw.Read(func(fd uintptr) bool {
		for {
			n, err = syscall.Read(int(fd), b)
			if err != syscall.EINTR {
				return true
			}
		}
	}); e != nil {
		return 0, e
	}
	return n, err
}

func brokenPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }

// closePipe closes one end of a pipe and wakes up its readers and writers.
func closePipe(f *os.File) error { return f.Close() }
