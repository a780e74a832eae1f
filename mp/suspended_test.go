package mp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A suspended process stays where it is until it is killed. So a test can choose
// the moment at which a process dies.

type entry struct {
	N       int
	Ledger  string
	Suspend bool
}

var (
	tellPID    = Proc("tellPID", func(c *Conn[int, None]) error { c.Send(os.Getpid()); select {} })
	tellPIDToo = Proc("tellPIDToo", func(c *Conn[int, None]) error { return runProcess(NewProcess(tellPID, c)) })
	stubborn   = Proc("stubborn", func(c *Conn[int, None]) error {
		signal.Ignore(syscall.SIGTERM)
		c.Send(os.Getpid())
		select {}
	})
	// wellBehaved exits when it is asked to end.
	wellBehaved = Proc("wellBehaved", func(c *Conn[int, None]) error {
		asked := make(chan os.Signal, 1)
		signal.Notify(asked, syscall.SIGTERM)
		c.Send(os.Getpid())
		<-asked
		os.Exit(7)
		return nil
	})
	// enter writes to a file that it was called. Then it may suspend its own worker.
	enter = Func("enter", func(e entry) (int, error) {
		ledger, err := os.OpenFile(e.Ledger, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return 0, err
		}
		defer ledger.Close()
		if _, err := ledger.Write([]byte{byte(e.N)}); err != nil {
			return 0, err
		}
		if e.Suspend {
			suspendSelf()
			select {}
		}
		return e.N, nil
	})
	getOne = Proc("getOne", func(c counted) error {
		v, err := c.Q.Get(context.Background())
		c.Say.Send(v)
		return err
	})
)

// G1, G12: when the context of Start ends, the process ends in every state, and
// its exit code says how.
func TestStartsContextEndsTheProcess(t *testing.T) {
	for _, test := range []struct {
		name      string
		f         Function[*Conn[int, None], None]
		suspended bool
		code      int
	}{
		{"it sleeps", tellPID, false, -15},
		{"it is suspended", tellPID, true, -15},
		{"it ends by itself", wellBehaved, false, 7},
		{"it ignores SIGTERM", stubborn, false, -9},
		{"it ignores SIGTERM, and is suspended", stubborn, true, -9},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if !terminateAsks {
				test.code = -15
			}
			for code, tries := 0, 0; code != test.code; tries++ {
				var err error
				code, err = endByContext(t, test.f, test.suspended)
				if code != test.code && (code != -9 || tries == 10) { // on a slow machine, it may need more than its second
					t.Fatalf("Join() = %v, ExitCode() = %d; want %d", err, code, test.code)
				}
			}
		})
	}
}

// endByContext starts a process, ends its context, and returns how the process ended.
func endByContext(t *testing.T, f Function[*Conn[int, None], None], suspended bool) (code int, err error) {
	t.Helper()
	ours, theirs := Pipe[None, int]()
	ctx, cancel := context.WithCancel(t.Context())
	p := NewProcess(f, theirs)
	if err := p.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Kill() })
	pid, err := ours.Recv()
	if err != nil {
		t.Fatal(err)
	}
	if suspended {
		suspend(t, pid)
		waitSuspended(t, pid)
	}
	cancel()
	err = p.Join(soon(t))
	code, ended := p.ExitCode()
	if !ended {
		t.Fatal(err)
	}
	return code, err
}

// G1: a suspended grandchild ends as soon as it is resumed. Join of its parent
// does not wait for that.
func TestSuspendedGrandchildEnds(t *testing.T) {
	t.Parallel()
	ours, theirs := Pipe[None, int]()
	p := start(t, NewProcess(tellPIDToo, theirs))
	pid, err := ours.Recv()
	if err != nil {
		t.Fatal(err)
	}
	suspend(t, pid)
	p.Kill()
	var exit *ExitError
	if err := p.Join(soon(t)); !errors.As(err, &exit) || exit.Code != -9 {
		t.Errorf("Join() = %v", err)
	}
	resume(pid)
	inTime(t, "the end of the grandchild", func() {
		if _, err := ours.Recv(); err != io.EOF {
			t.Error(err)
		}
	})
}

// G2: a task was sent to a worker that is killed before it begins the task.
// Another worker does the task.
func TestTaskOfADeadWorkerIsNotLost(t *testing.T) {
	p := NewPool(pid, 1)
	defer p.Terminate()
	first, err := p.Apply(soon(t), None{})
	if err != nil {
		t.Fatal(err)
	}
	suspend(t, first)
	waitSuspended(t, first)
	var second int
	applied := make(chan error, 1)
	go func() {
		var err error
		second, err = p.Apply(soon(t), None{})
		applied <- err
	}()
	until(t, "the task is sent", p.given)
	p.staffed()[0].Kill()
	if err := <-applied; second == first || err != nil {
		t.Errorf("Apply() = %d, %v; the first worker was %d", second, err, first)
	}
}

// G2: if a worker dies, only the task that it is doing is lost, and not the tasks
// that were sent ahead. No task is done twice.
func TestWorkerKilledWithTasksAhead(t *testing.T) {
	p := NewPool(enter, 1)
	defer p.Terminate()
	const n, bad = 250, 150
	ledger := filepath.Join(os.TempDir(), fmt.Sprintf("ledger %d", os.Getpid()))
	defer os.Remove(ledger)
	tasks := make([]entry, n)
	for i := range tasks {
		tasks[i] = entry{i, ledger, i == bad}
	}
	var results []int
	var err error
	mapped := make(chan struct{})
	go func() {
		results, err = p.Map(soon(t), tasks)
		close(mapped)
	}()
	until(t, "a worker", func() bool { return len(p.staffed()) == 1 })
	worker := p.staffed()[0]
	until(t, "the bad task", func() bool {
		done, _ := os.ReadFile(ledger)
		return len(done) > bad
	})
	waitSuspended(t, worker.PID())
	worker.Kill()
	<-mapped
	var task *TaskError
	var exit *ExitError
	if !errors.As(err, &task) || !errors.As(err, &exit) {
		t.Fatalf("Map() = %v, want a TaskError with an ExitError", err)
	}
	if task.Index != bad || task.Worker != worker.Name || task.PID != worker.PID() || exit.Code != -9 || strings.Contains(err.Error(), "\n") {
		t.Errorf("Map() = %v; want only that task %d died in %s", err, bad, worker.Name)
	}
	want := numbers(n)
	done, _ := os.ReadFile(ledger)
	slices.Sort(done)
	if len(done) != n || len(slices.Compact(done)) != n {
		t.Errorf("%d calls for %d tasks", len(done), n)
	}
	if want[bad] = 0; !slices.Equal(results, want) {
		t.Errorf("results %v", results)
	}
}

// suspendInGet starts a consumer, and suspends it while it waits in Get.
func suspendInGet(t *testing.T, q *Queue[int]) *Process {
	t.Helper()
	_, theirs := Pipe[None, int]()
	p := start(t, NewProcess(getOne, counted{Q: q, Say: theirs}))
	until(t, "a Get in the child", p.isBlocked)
	suspend(t, p.PID())
	waitSuspended(t, p.PID())
	return p
}

// G3: an item was sent to a consumer that is killed before its Get returns.
// Another consumer gets the item.
func TestConsumerKilledBeforeItTakes(t *testing.T) {
	for _, q := range []*Queue[int]{NewQueue[int](0), NewQueue[int](1), NewJoinableQueue[int](0).Queue} {
		p := suspendInGet(t, q)
		if err := q.Put(soon(t), 7); err != nil {
			t.Fatal(err)
		}
		until(t, "the item is sent to the child", func() bool { return !p.isBlocked() })
		moment, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		if v, err := q.Get(moment); err != context.DeadlineExceeded {
			t.Fatalf("the item was not sent to the child: %d, %v", v, err)
		}
		cancel()
		p.Kill()
		if v, err := q.Get(soon(t)); v != 7 || err != nil {
			t.Errorf("Get() = %d, %v; want 7", v, err)
		}
	}
}

// G5: some calls ask each process that has the queue. They do not wait for a
// dead one.
func TestAskingTheDead(t *testing.T) {
	for name, ask := range map[string]func(q *JoinableQueue[int]) error{
		"Len":    func(q *JoinableQueue[int]) error { _, err := q.Len(); return err },
		"TryPut": func(q *JoinableQueue[int]) error { q.TryPut(1); return unless(q.TryPut(2), ErrFull) },
		"TryGet": func(q *JoinableQueue[int]) error { _, err := q.TryGet(); return unless(err, ErrEmpty) },
		"Join":   func(q *JoinableQueue[int]) error { return q.Join(context.Background()) },
		"Get after Close": func(q *JoinableQueue[int]) error {
			q.Close()
			_, err := q.Get(context.Background())
			return unless(err, io.EOF)
		},
	} {
		t.Run(name, func(t *testing.T) {
			q := NewJoinableQueue[int](1)
			p := suspendInGet(t, q.Queue)
			answered := make(chan error, 1)
			go func() { answered <- ask(q) }()
			until(t, "the question", func() bool { return waitingIn("lend.(*servers).sync") > 0 })
			p.Kill()
			inTime(t, name, func() {
				if err := <-answered; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// unless returns nil if err is the expected error.
func unless(err, want error) error {
	if err == want {
		return nil
	}
	return errors.Join(errors.New("another error was expected"), err)
}
