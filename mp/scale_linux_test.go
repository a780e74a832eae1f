package mp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

const limitProcesses = "MP_TEST_LIMIT_PROCESSES"

func init() {
	programs["few processes"] = func(ctx context.Context) error {
		const rlimitNproc = 6 // package syscall has no name for it
		n, err := strconv.ParseUint(os.Getenv(limitProcesses), 10, 64)
		if err == nil {
			err = syscall.Setrlimit(rlimitNproc, &syscall.Rlimit{Cur: n, Max: n})
		}
		return errors.Join(err, programs["few"](ctx))
	}
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

// A limit of processes is a limit for a user, and counts threads: a child that
// does start may die for want of another one, and says so on standard error. It
// does not bind root, who therefore becomes a user that has none yet.
func TestFewProcesses(t *testing.T) {
	cmd, stdout := program(t, "few processes")
	limit := 60
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 64123, Gid: 64123}}
		cmd.Path = forEverybody(t, cmd.Path)
	} else {
		limit += threads(os.Getuid())
	}
	cmd.Env = append(cmd.Env, limitProcesses+"="+strconv.Itoa(limit))
	if err := cmd.Start(); errors.Is(err, syscall.EPERM) {
		t.Skip("this root may not become another user, and nothing else has a limit:", err)
	}
	for _, line := range read(t, stdout, 2) {
		if !strings.HasSuffix(line, ": resource temporarily unavailable") {
			t.Errorf("the error is %q", line)
		}
	}
	ended(t, stdout)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// forEverybody makes a copy of a program that every user can start.
func forEverybody(t *testing.T, path string) string {
	t.Helper()
	dir := t.TempDir()
	program, err := os.ReadFile(path)
	open := filepath.Join(dir, "program")
	if err = errors.Join(err, os.Chmod(filepath.Dir(dir), 0o755), os.WriteFile(open, program, 0o755)); err != nil {
		t.Fatal(err)
	}
	return open
}

// threads counts those that a user has.
func threads(uid int) (n int) {
	all, _ := filepath.Glob("/proc/[0-9]*/task/[0-9]*")
	for _, thread := range all {
		if info, err := os.Stat(thread); err == nil && int(info.Sys().(*syscall.Stat_t).Uid) == uid {
			n++
		}
	}
	return n
}
