package mp

// Only on Linux: Windows has no limit of files, and no other system was tested
// with a limit below the number of open files. On all systems,
// TestWorkersThatNeverStart has workers that cannot start for another reason.

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
		workers[0].Join(ctx)
		for i := range 10 { // the other worker is alive
			if r, err := pool.Apply(ctx, i); r != i*i || err != nil {
				return fmt.Errorf("with one worker, Apply(%d) = %d, %w", i, r, err)
			}
		}
		workers[1].Kill()
		workers[1].Join(ctx)
		for range 2 {
			_, err = pool.Apply(ctx, 7)
			fmt.Println(err)
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
			return err
		}
		_, err = pool.Map(ctx, numbers(10))
		return errors.Join(err, pool.Close())
	}
}

// If a worker cannot be replaced, the other worker does the tasks. If no worker
// is left, each call returns one clear error. When there are files again, calls
// succeed again.
func TestNoFilesForAnotherWorker(t *testing.T) {
	cmd, stdout := program(t, "no more files")
	cmd.Stderr = os.Stderr
	cmd.Start()
	const start, end = "mp: no worker can be started: PoolWorker-", ": too many open files; ulimit -n is the limit: raise it, or start fewer processes at a time"
	for _, got := range read(t, stdout, 2) {
		if !strings.HasPrefix(got, start) || !strings.HasSuffix(got, end) {
			t.Errorf("the error is %q", got)
		}
	}
	ended(t, stdout)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
