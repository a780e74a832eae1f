//go:build unix

package frame

import (
	"context"
	"io"
	"os"
	"syscall"
	"time"
)

// writeUntil writes b. When ctx ends while the pipe is full, it returns how
// many bytes the pipe has taken, and ctx.Err().
func writeUntil(ctx context.Context, out io.Writer, b []byte) (n int, err error) {
	pipe, ok := out.(*os.File)
	if ctx.Done() == nil || !ok {
		return out.Write(b)
	}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		pipe.SetWriteDeadline(time.Unix(1, 0))
	})
	n, err = pipe.Write(b)
	if !stop() {
		<-interrupted
		pipe.SetWriteDeadline(time.Time{})
	}
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	return n, err
}

// writeNow writes all of b, at most 4 KiB, or nothing if the pipe has no room.
func writeNow(out io.Writer, b []byte) (n int, err error) {
	pipe, ok := out.(*os.File)
	if !ok {
		return out.Write(b)
	}
	raw, err := pipe.SyscallConn()
	if err != nil {
		return 0, err
	}
	if e := raw.Write(func(fd uintptr) bool {
		for {
			n, err = syscall.Write(int(fd), b)
			if err != syscall.EINTR {
				return true
			}
		}
	}); e != nil {
		return 0, e
	}
	if err == syscall.EAGAIN {
		return 0, nil
	}
	return max(n, 0), err
}
