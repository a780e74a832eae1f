//go:build unix

package frame

import (
	"context"
	"io"
	"os"
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
