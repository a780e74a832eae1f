package mp

import (
	"context"
	"errors"
	"iter"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// A bomb is an argument that ends the worker at one moment of the task: while
// the worker decodes it, runs the function, or encodes the result.
type bomb struct{ When, Way string }

type debris struct{ Way string }

func (b *bomb) GobDecode(data []byte) error {
	b.When, b.Way, _ = strings.Cut(string(data), " ")
	if b.When == "decoding" {
		return die(b.Way)
	}
	return nil
}

func (b bomb) GobEncode() ([]byte, error) { return []byte(b.When + " " + b.Way), nil }

func (d debris) GobEncode() ([]byte, error) {
	if d.Way != "" {
		return nil, die(d.Way)
	}
	return []byte{1}, nil
}

func (d *debris) GobDecode([]byte) error { return nil }

var (
	explode = Func("explode", func(b bomb) (d debris, err error) {
		switch b.When {
		case "running":
			return d, die(b.Way)
		case "encoding":
			d.Way = b.Way
		}
		return d, nil
	})
	explodeAlone = Proc("explodeAlone", func(b bomb) error {
		switch b.When {
		case "running":
			return die(b.Way)
		case "returned":
			go dieReturned(b.Way)
			return NewProcess(idle, None{}).Start(context.Background())
		}
		return nil
	})
)

// dieReturned ends the process when its function has returned, and it waits for
// its child.
func dieReturned(way string) {
	stacks := make([]byte, 1<<16)
	for !strings.Contains(string(stacks[:runtime.Stack(stacks, true)]), "mp.endFamily(") {
		runtime.Gosched()
	}
	die(way)
}

// G2, G5, G6: a worker ends at different moments and in different ways. Exactly
// one task is lost. Its error says which task, in which worker, and why. The
// next call succeeds.
func TestCrashMatrix(t *testing.T) {
	for _, when := range []string{"decoding", "running", "encoding"} {
		for _, way := range someWays() {
			t.Run(when+" "+way, func(t *testing.T) {
				t.Parallel()
				p := NewPool(explode, 2)
				p.Chunk = 2
				defer p.Close()
				live := bomb{when, way}
				tasks := []bomb{{}, {}, live, {}, {}, live, {}}

				_, err := p.Apply(soon(t), live)
				checkLost(t, []error{err}, way, 0)
				if died := way != "error" && way != "panic"; errors.As(err, new(*ExitError)) != died {
					t.Errorf("%v: want an ExitError: %t", err, died)
				}
				if _, err := p.Apply(soon(t), bomb{}); err != nil {
					t.Error(err)
				}

				checkLost(t, imapErrors(p.Imap(soon(t), slices.Values(tasks))), way, 2, 5)
				checkLost(t, imapErrors(p.ImapUnordered(soon(t), slices.Values(tasks))), way, 2, 5)

				_, err = p.Map(soon(t), tasks)
				lost := []int{2, 3, 4, 5} // the whole chunk is lost
				if way == "error" || way == "panic" {
					lost = []int{2, 5}
				}
				checkLost(t, mapErrors(err), way, lost...)
				if _, err := p.Map(soon(t), make([]bomb, 5)); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func imapErrors[R any](results iter.Seq2[R, error]) (errs []error) {
	for _, err := range results {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// mapErrors returns the errors that Map has joined, or the one that is not joined.
func mapErrors(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// checkLost checks that exactly these tasks failed, in any order.
func checkLost(t *testing.T, errs []error, way string, lost ...int) {
	t.Helper()
	tasks := make([]*TaskError, len(errs))
	for i, err := range errs {
		if !errors.As(err, &tasks[i]) {
			t.Errorf("got %v, want a TaskError", err)
			return
		}
	}
	slices.SortFunc(tasks, func(a, b *TaskError) int { return a.Index - b.Index })
	var got []int
	for _, task := range tasks {
		got = append(got, task.Index)
		checkTask(t, task, way)
	}
	if !slices.Equal(got, lost) {
		t.Errorf("got %v, want tasks %v", errs, lost)
	}
}

func checkTask(t *testing.T, task *TaskError, way string) {
	t.Helper()
	if task.Func != "explode" || task.PID == 0 || !strings.HasPrefix(task.Worker, "PoolWorker-") {
		t.Errorf("got %+v", task)
	}
	if text := task.Error(); !strings.Contains(text, deathText[way]) {
		t.Errorf("got %q, want ... %s", text, deathText[way])
	}
	if exit, died := task.Err.(*ExitError); died && (exit.Name != task.Worker || exit.PID != task.PID) {
		t.Errorf("got %v of %v", exit, task)
	}
}

func TestCrashMatrixOfAProcess(t *testing.T) {
	for when, ways := range map[string][]string{"decoding": someWays(), "running": allWays, "returned": someWays()} {
		for _, way := range ways {
			if when == "returned" && way == "error" {
				continue // it has already returned nil
			}
			t.Run(when+" "+way, func(t *testing.T) {
				t.Parallel()
				p := start(t, NewProcess(explodeAlone, bomb{when, way}))
				checkExit(t, p, p.Join(soon(t)), way)
				if err := runProcess(NewProcess(explodeAlone, bomb{})); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func checkExit(t *testing.T, p *Process, err error, way string) {
	t.Helper()
	var exit *ExitError
	if !errors.As(err, &exit) || exit.Name != p.Name || exit.PID != p.PID() || exit.PID == 0 || !strings.Contains(err.Error(), deathText[way]) {
		t.Errorf("got %v, want %s (pid %d): ... %s", err, p.Name, p.PID(), deathText[way])
	}
}

// stillborn tells a child in which way to die before it calls Main or Init.
const stillborn = "MP_TEST_STILLBORN"

func init() {
	if way := os.Getenv(stillborn); way != "" && asChild != nil {
		die(way)
	}
}

// G2, G5, G6: if a child dies before it calls Main, the error says why. A
// pool does not start workers forever: the whole call fails, and no single task.
func TestCrashBeforeTheFirstTask(t *testing.T) {
	for _, way := range someWays()[1:] { // without "error": no function is running
		t.Run(way, func(t *testing.T) {
			t.Setenv(stillborn, way)
			process := start(t, NewProcess(explodeAlone, bomb{}))
			checkExit(t, process, process.Join(soon(t)), way)

			p := NewPool(explode, 1)
			defer p.Close()
			_, err := p.Apply(t.Context(), bomb{}) // not soon: if workers are killed, 30 are started, one after the other
			checkNotStarted(t, []error{err}, deathText[way])
			two := make([]bomb, 2)
			results, err := p.Map(soon(t), two)
			checkNotStarted(t, []error{err}, deathText[way])
			if results != nil {
				t.Errorf("results %v", results)
			}
			checkNotStarted(t, imapErrors(p.Imap(soon(t), slices.Values(two))), deathText[way])
			checkNotStarted(t, imapErrors(p.ImapUnordered(soon(t), slices.Values(two))), deathText[way])

			os.Unsetenv(stillborn)
			if _, err := p.Map(soon(t), two); err != nil {
				t.Error(err)
			}
			if err := runProcess(NewProcess(explodeAlone, bomb{})); err != nil {
				t.Error(err)
			}
		})
	}
}

// checkNotStarted checks that a call failed because no worker could be started,
// and that its error says why.
func checkNotStarted(t *testing.T, errs []error, why string) {
	t.Helper()
	if len(errs) != 1 {
		t.Errorf("got %v, want one error", errs)
		return
	}
	err, exit := errs[0], new(ExitError)
	if err == nil || errors.As(err, new(*TaskError)) || !strings.HasPrefix(err.Error(), "mp: no worker can be started: PoolWorker-") {
		t.Errorf("got %v, want: no worker can be started", err)
	} else if !errors.As(err, &exit) || exit.PID == 0 || !strings.Contains(err.Error(), why) {
		t.Errorf("got %v, want an ExitError: ... %s", err, why)
	}
}

// G2: if a signal ends a worker that has no task, no task is lost.
func TestIdleWorkersMayDie(t *testing.T) {
	for _, sig := range deadly {
		p := NewPool(square, 2)
		for i := range many(10) {
			for _, w := range p.staffed() {
				until(t, "an idle worker", w.isHere) // before, SIGABRT makes it a worker that cannot be started
				w.cmd.Process.Signal(sig)
				if sig != os.Kill || runtime.GOOS == "windows" { // it does not end at once, and may begin one more task
					<-w.Done()
				}
			}
			if r, err := p.Apply(soon(t), i); r != i*i || err != nil {
				t.Errorf("after %v: %d, %v", sig, r, err)
			}
		}
		p.Close()
	}
}

// G7: if a value cannot be encoded, only the call that sends it fails.
func TestWhatCannotBeEncoded(t *testing.T) {
	type odd struct{ F func() }
	q := NewQueue[any](0)
	if err := q.Put(soon(t), func() {}); err == nil {
		t.Error("Put of a function")
	}
	if err := q.Put(soon(t), 1); err != nil {
		t.Error(err)
	}
	a, b := Pipe[any, None]()
	if err := a.Send(func() {}); err == nil {
		t.Error("Send of a function")
	}
	if err := a.Send("fine"); err != nil {
		t.Error(err)
	}
	if v, err := b.Recv(); v != "fine" || err != nil {
		t.Error(v, err)
	}
	var none *bomb
	c, _ := Pipe[*bomb, None]()
	if err := c.Send(none); err == nil {
		t.Error("Send of a nil pointer")
	}
	if err := NewProcess(takeAny, any(func() {})).Start(soon(t)); err == nil {
		t.Error("Start with a function")
	}
	p := NewPool(anyLength, 2)
	defer p.Close()
	results, err := p.Map(soon(t), []any{"abc", func() {}, "de"})
	var task *TaskError
	if !slices.Equal(results, []int{3, 0, 2}) || !errors.As(err, &task) || task.Index != 1 {
		t.Error(results, err)
	}
}

var (
	takeAny   = Proc("takeAny", func(any) error { return nil })
	anyLength = Func("anyLength", func(v any) (int, error) { return len(v.(string)), nil })
)

// G7: if a function does not exist in the child, or was not made with Func, the
// call fails. It does not hang.
func TestFunctionsThatAreNotThere(t *testing.T) {
	ghost := Function[int, int]{&function{name: "ghost"}}
	if err := runProcess(NewProcess(ghost, 1)); err == nil || !strings.Contains(err.Error(), "mp.Func") {
		t.Error(err)
	}
	p := NewPool(ghost, 2)
	defer p.Close()
	_, err := p.Apply(soon(t), 1)
	checkNotStarted(t, []error{err}, "mp.Func")
	if err := NewProcess(Function[int, int]{}, 1).Start(context.Background()); err == nil {
		t.Error("no function at all")
	}
	if _, err := NewPool(Function[int, int]{}, 1).Apply(soon(t), 1); err == nil {
		t.Error("no function at all")
	}
	if _, err := NewPool(square, 0).Apply(soon(t), 1); err == nil {
		t.Error("a pool without workers")
	}
}
