package frame

import (
	"context"
	"io"
)

// writeUntil writes b. A write to a Windows pipe has no deadline.
func writeUntil(ctx context.Context, out io.Writer, b []byte) (n int, err error) {
	return out.Write(b)
}
