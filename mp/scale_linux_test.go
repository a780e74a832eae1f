package mp

// Only on Linux: Windows has no limit of files, and elsewhere nobody has tried
// one below what is open. TestWorkersThatNeverStart, on all systems, has workers
// that cannot be had for another reason.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

func init() {
	programs["no more files"] = func(ctx context.Context) error {
		pool := NewPool(square, 2)
		_, err := pool.Map(ctx, numbers(10))
		for len(pool.staffed()) < 2 && err == nil {
			runtime.Gosched()
		}
		workers := pool.staffed()
		var limit syscall.Rlimit
		err = errors.Join(err, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit),
			syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 3, Max: limit.Max}))
		if err != nil {
			return err
		}
		workers[0].Kill()
		workers[1].Join(ctx) // the pool is whole, or it is not there
		_, err = pool.Apply(ctx, 7)
		fmt.Println(err)
		for syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil && ctx.Err() == nil; {
			_, err = pool.Apply(ctx, 7)
		}
		return errors.Join(err, pool.Close())
	}
}

// A worker that cannot be replaced is one clear error, ends the others, and is
// forgotten when there are files again.
func TestNoFilesForAnotherWorker(t *testing.T) {
	cmd, stdout := program(t, "no more files")
	cmd.Stderr = os.Stderr
	cmd.Start()
	if got := read(t, stdout, 1); !strings.HasSuffix(got[0], ": too many open files; ulimit -n is the limit: raise it, or start fewer processes at a time") {
		t.Errorf("the error is %q", got)
	}
	ended(t, stdout)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
