package mp

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// A bomb goes off at one moment of its life as a task: while the worker decodes
// it, while it runs, or while the worker encodes what came of it.
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
		_, err := explodeFunction(b)
		return err
	})
)

func explodeFunction(b bomb) (d debris, err error) {
	if b.When == "running" {
		return d, die(b.Way)
	}
	return d, nil
}

// G2, G5, G6: whatever happens to a worker, and whenever, exactly one task is
// lost, its error says which, where and why, and the next call succeeds.
func TestCrashMatrix(t *testing.T) {
	for _, when := range []string{"decoding", "running", "encoding"} {
		for _, way := range ways {
			t.Run(when+" "+way, func(t *testing.T) {
				t.Parallel()
				p := NewPool(explode, 2)
				defer p.Close()
				live := bomb{when, way}
				tasks := []bomb{{}, {}, live, {}, {}, live, {}}

				_, err := p.Apply(soon(t), live)
				checkTask(t, err, 0, way)

				_, err = p.Map(soon(t), tasks)
				errs := err.(interface{ Unwrap() []error }).Unwrap()
				if len(errs) != 2 {
					t.Fatal(err)
				}
				checkTask(t, errs[0], 2, way)
				checkTask(t, errs[1], 5, way)

				i := 0
				for _, err := range p.Imap(soon(t), slices.Values(tasks)) {
					if tasks[i] == live {
						checkTask(t, err, i, way)
					} else if err != nil {
						t.Error(err)
					}
					i++
				}
				if i != len(tasks) {
					t.Errorf("%d results", i)
				}
				if _, err := p.Apply(soon(t), bomb{}); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func checkTask(t *testing.T, err error, index int, way string) {
	t.Helper()
	var task *TaskError
	if !errors.As(err, &task) {
		t.Errorf("got %v, want a TaskError", err)
		return
	}
	if task.Index != index || task.Func != "explode" || task.PID == 0 || !strings.HasPrefix(task.Worker, "PoolWorker-") {
		t.Errorf("got %+v, want task %d", task, index)
	}
	if text := err.Error(); !strings.Contains(text, deathText[way]) {
		t.Errorf("got %q, want ... %s", text, deathText[way])
	}
	var exit *ExitError
	if died := way != "error" && way != "panic"; errors.As(err, &exit) != died {
		t.Errorf("%v: want an ExitError: %t", err, died)
	}
}

func TestCrashMatrixOfAProcess(t *testing.T) {
	for _, when := range []string{"decoding", "running"} {
		for _, way := range ways {
			t.Run(when+" "+way, func(t *testing.T) {
				t.Parallel()
				p := start(t, NewProcess(explodeAlone, bomb{when, way}))
				err := p.Join(soon(t))
				var exit *ExitError
				if !errors.As(err, &exit) || exit.Name != p.Name || exit.PID != p.PID() || !strings.Contains(err.Error(), deathText[way]) {
					t.Errorf("got %v, want ... %s", err, deathText[way])
				}
			})
		}
	}
}

// G2: workers that die between two tasks, before the first or after an answer,
// cost nothing at all, whatever the signal.
func TestIdleWorkersMayDie(t *testing.T) {
	for _, sig := range deadly {
		p := NewPool(square, 2)
		for i := range 10 {
			for _, w := range p.staffed() {
				w.cmd.Process.Signal(sig)
				if sig != os.Kill || runtime.GOOS == "windows" { // it may begin one more task before it ends
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

// G7: what cannot be encoded is an error of its call, and nobody else's.
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

// G7: a function that is not there, or was not made by Func, hangs nobody.
func TestFunctionsThatAreNotThere(t *testing.T) {
	ghost := Function[int, int]{&function{name: "ghost"}}
	if err := runProcess(NewProcess(ghost, 1)); err == nil || !strings.Contains(err.Error(), "mp.Func") {
		t.Error(err)
	}
	p := NewPool(ghost, 2)
	defer p.Close()
	if _, err := p.Apply(soon(t), 1); err == nil || !strings.Contains(err.Error(), "mp.Func") {
		t.Error(err)
	}
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
