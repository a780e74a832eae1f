package mp

import (
	"context"
	"iter"
	"os"
	"runtime"
	"slices"
	"testing"
)

// lightFuse returns its PID. It also starts a goroutine that ends the worker when
// the test calls light.
var lightFuse = Func("lightFuse", func(way string) (int, error) {
	if way != "" {
		lit := layFuse()
		go func() { lit(); die(way) }()
	}
	return os.Getpid(), nil
})

// burnDown ends the worker that has this PID, and checks that Join says why.
func burnDown[A, R any](t *testing.T, p *Pool[A, R], pid int, way string) {
	t.Helper()
	for _, w := range p.staffed() {
		if w.PID() == pid {
			light(pid)
			checkExit(t, w, w.Join(soon(t)), way)
			return
		}
	}
	t.Errorf("no worker has PID %d", pid)
}

// G2: if a worker dies after one task and before the next, no task is lost:
// between two calls, and in the middle of a call.
func TestCrashAfterTheAnswer(t *testing.T) {
	for _, way := range someWays()[1:] { // without "error": no function is running
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			p := NewPool(lightFuse, 1)
			p.Chunk = 2
			defer p.Close()

			pid, err := p.Apply(soon(t), way)
			if err != nil {
				t.Fatal(err)
			}
			burnDown(t, p, pid, way)

			pids, err := p.Map(soon(t), []string{"", "", way})
			if err != nil {
				t.Fatal(err)
			}
			burnDown(t, p, pids[2], way)

			for _, imap := range []func(context.Context, iter.Seq[string]) iter.Seq2[int, error]{p.Imap, p.ImapUnordered} {
				burnt := make(chan bool, 1)
				for pid, err := range imap(soon(t), func(yield func(string) bool) {
					for i := 0; i < 3 && yield(way); i++ {
						select { // yield the next task only when the worker has died
						case <-burnt:
						case <-soon(t).Done():
						}
					}
				}) {
					if err != nil {
						t.Error(err)
						continue
					}
					burnDown(t, p, pid, way)
					burnt <- true
				}
			}
			if _, err := p.Apply(soon(t), ""); err != nil {
				t.Error(err)
			}
		})
	}
}

// G2: if a worker dies that has a task but has not begun it, no task is lost. The
// worker is suspended, so it cannot begin.
func TestCrashBeforeTheTaskIsTaken(t *testing.T) {
	p := NewPool(reverse, 1)
	defer p.Close()
	for _, size := range []int{0, 10, 1 << 20, 10} { // the third is more than the pipe holds
		if _, err := p.Apply(soon(t), nil); err != nil {
			t.Fatal(err)
		}
		worker := p.staffed()[0]
		suspend(t, worker.PID())
		waitSuspended(t, worker.PID())
		answered := make(chan bool)
		go func() {
			answer, err := p.Apply(soon(t), make([]byte, size))
			if len(answer) != size || err != nil {
				t.Errorf("Apply(%d bytes) = %d bytes, %v", size, len(answer), err)
			}
			close(answered)
		}()
		for !p.given() {
			runtime.Gosched()
		}
		worker.Kill()
		<-answered
	}
}

// given reports whether a worker has a task whose result has not come.
func (p *Pool[A, R]) given() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.workers, func(w *worker[A, R]) bool { return len(w.flight) > 0 })
}
