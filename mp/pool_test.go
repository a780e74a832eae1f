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
	"time"
)

var (
	square = Func("square", func(n int) (int, error) { return n * n, nil })
	picky  = Func("picky", func(n int) (int, error) {
		switch {
		case n == 3:
			return 0, errors.New("not three")
		case n == 4:
			panic("four")
		case n == 5:
			os.Exit(3)
		case n == 6:
			p, _ := os.FindProcess(os.Getpid())
			p.Kill()
			select {}
		case n == 7:
			go panic("unseen")
			select {}
		}
		return n, nil
	})
	forever = Func("forever", func(n int) (int, error) {
		for n > 0 {
		}
		return n, nil
	})
	pid      = Func("pid", func(None) (int, error) { return os.Getpid(), nil })
	reverse  = Func("reverse", func(b []byte) ([]byte, error) { slices.Reverse(b); return b, nil })
	nothing  = Func("nothing", func(struct{}) (struct{}, error) { return struct{}{}, nil })
	mistaken = Func("mistaken", func(n int) (func(), error) { return func() {}, nil })
)

func count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func numbers(n int) []int { return slices.Collect(count(n)) }

func TestMapKeepsTheOrder(t *testing.T) {
	for _, chunk := range []int{0, 1, 7, 5000} {
		p := NewPool(square, 3)
		p.Chunk = chunk
		results, err := p.Map(soon(t), numbers(3000))
		if err != nil || len(results) != 3000 {
			t.Fatal(len(results), err)
		}
		for i, r := range results {
			if r != i*i {
				t.Fatalf("result %d is %d", i, r)
			}
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if _, err := p.Apply(soon(t), 1); err != ErrClosed {
			t.Error(err)
		}
	}
}

func TestAFailedTaskCostsItself(t *testing.T) {
	p := NewPool(picky, 2)
	defer p.Close()
	results, err := p.Map(soon(t), numbers(10))
	want := []int{0, 1, 2, 0, 0, 0, 0, 0, 8, 9}
	if !slices.Equal(results, want) {
		t.Errorf("results %v, want %v", results, want)
	}
	errs := mapErrors(err)
	if len(errs) != 5 {
		t.Fatal(err)
	}
	for i, text := range []string{"not three", "panic: four", "exit code 3", killedText, "panic: unseen"} {
		var task *TaskError
		if !errors.As(errs[i], &task) || task.Index != i+3 || task.PID == 0 || !strings.Contains(task.Error(), text) {
			t.Errorf("%v; want task %d, %q", errs[i], i+3, text)
		}
	}
	if r, err := p.Apply(soon(t), 9); r != 9 || err != nil {
		t.Error(r, err)
	}
}

func TestImap(t *testing.T) {
	p := NewPool(square, 3)
	defer p.Close()
	i := 0
	for r, err := range p.Imap(soon(t), count(1000)) {
		if r != i*i || err != nil {
			t.Fatalf("result %d: %d, %v", i, r, err)
		}
		i++
	}
	if i != 1000 {
		t.Error(i)
	}
	var sum int
	for r, err := range p.ImapUnordered(soon(t), count(100)) {
		if err != nil {
			t.Fatal(err)
		}
		sum += r
	}
	if sum != 328350 {
		t.Error(sum)
	}
	for range p.Imap(soon(t), count(1<<60)) {
		break
	}
}

func TestTaskTimeout(t *testing.T) {
	p := NewPool(forever, 2)
	p.TaskTimeout = 50 * time.Millisecond
	defer p.Close()
	_, err := p.Map(soon(t), []int{0, 1, 0})
	late := false
	for _, err := range mapErrors(err) {
		var task *TaskError // on a busy machine, also of a quick task; see TestTimeoutHitsNoOther
		if !errors.As(err, &task) || !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		late = late || task != nil && task.Index == 1
	}
	if !late {
		t.Errorf("Map() = %v, want an error of the endless task", err)
	}
}

func TestApplyEndsWithItsContext(t *testing.T) {
	p := NewPool(forever, 1)
	defer p.Terminate()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := p.Apply(ctx, 1); err != context.DeadlineExceeded {
		t.Error(err)
	}
	if _, err := p.Apply(soon(t), 0); err != nil {
		t.Error(err)
	}
}

// The encoding of a deliberate argument lasts until the test closes goOn.
type deliberate struct{ begun, goOn chan bool }

func (d deliberate) GobEncode() ([]byte, error) {
	if d.begun != nil {
		d.begun <- true
		<-d.goOn
	}
	return []byte{0}, nil
}

func (*deliberate) GobDecode([]byte) error { return nil }

var takeTime = Func("takeTime", func(deliberate) (int, error) { return 1, nil })

// Apply returns when its context ends, even while its argument is being encoded.
func TestApplyEndsWhileItsArgumentIsEncoded(t *testing.T) {
	p := NewPool(takeTime, 1)
	defer p.Terminate()
	if _, err := p.Apply(soon(t), deliberate{}); err != nil { // from now on, there is an idle worker
		t.Fatal(err)
	}
	arg := deliberate{make(chan bool, 1), make(chan bool)}
	defer close(arg.goOn)
	ctx, cancel := context.WithCancel(t.Context())
	applied := make(chan error, 1)
	go func() {
		_, err := p.Apply(ctx, arg)
		applied <- err
	}()
	<-arg.begun
	cancel()
	inTime(t, "Apply", func() {
		if err := <-applied; err != context.Canceled {
			t.Errorf("Apply() = %v, want %v", err, context.Canceled)
		}
	})
}

func TestTerminateEndsCalls(t *testing.T) {
	p := NewPool(forever, 2)
	done := make(chan error)
	go func() {
		_, err := p.Map(soon(t), []int{1, 1, 1, 1})
		done <- err
	}()
	until(t, "two workers", func() bool { return len(p.staffed()) == 2 })
	p.Terminate()
	if err := <-done; err != ErrTerminated {
		t.Error(err)
	}
	if _, err := p.Apply(soon(t), 0); err != ErrTerminated {
		t.Error(err)
	}
}

// staffed returns the pool's workers that are processes now.
func (p *Pool[A, R]) staffed() (workers []*Process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.workers {
		if w.process.PID() > 0 {
			workers = append(workers, w.process)
		}
	}
	return workers
}

func TestMaxTasksPerChild(t *testing.T) {
	p := NewPool(pid, 2)
	p.MaxTasksPerChild = 3
	pids, err := p.Map(soon(t), make([]None, 30))
	if err != nil {
		t.Fatal(err)
	}
	tasks := map[int]int{}
	for _, pid := range pids {
		tasks[pid]++
	}
	for pid, n := range tasks {
		if n > 3 {
			t.Errorf("process %d did %d tasks", pid, n)
		}
	}
	p.Close()
}

func TestIdleWorkersKilled(t *testing.T) {
	p := NewPool(pid, 3)
	defer p.Close()
	for range 5 {
		if _, err := p.Apply(soon(t), None{}); err != nil {
			t.Fatal(err)
		}
		for _, w := range p.staffed() {
			w.Kill()
		}
	}
	if _, err := p.Apply(soon(t), None{}); err != nil {
		t.Fatal(err)
	}
}

// A quitter is a result. Some quitters end their goroutine when they are encoded.
type quitter int

func (q quitter) GobEncode() ([]byte, error) {
	if q%5 == 3 {
		runtime.Goexit()
	}
	return []byte{byte(q)}, nil
}

func (q *quitter) GobDecode(b []byte) error {
	*q = quitter(b[0])
	return nil
}

var quit = Func("quit", func(n int) (quitter, error) { return quitter(n), nil })

// Only the task with that result fails. The worker goes on.
func TestGoexitInAnAnswer(t *testing.T) {
	p := NewPool(quit, 1)
	defer p.Close()
	worker := 0
	for i := range 3 {
		results, err := p.Map(soon(t), numbers(100))
		failed := mapErrors(err)
		for n, r := range results {
			if n%5 != 3 && int(r) != n {
				t.Fatalf("result %d is %d", n, r)
			}
		}
		var task *TaskError
		if !errors.As(failed[0], &task) || len(failed) != 20 || task.Index != 3 || !strings.Contains(err.Error(), "runtime.Goexit") {
			t.Error(len(failed), failed[0])
		}
		if worker != task.PID && i > 0 {
			t.Error("another worker did it")
		}
		worker = task.PID
	}
}

func TestBytesAndNothing(t *testing.T) {
	p := NewPool(reverse, 2)
	defer p.Close()
	r, err := p.Map(soon(t), [][]byte{[]byte("abc"), {}, make([]byte, 3<<20)})
	if err != nil || string(r[0]) != "cba" || len(r[1]) != 0 || len(r[2]) != 3<<20 {
		t.Error(err)
	}
	n := NewPool(nothing, 2)
	n.Chunk = 3
	defer n.Close()
	if r, err := n.Map(soon(t), make([]struct{}, 10)); len(r) != 10 || err != nil {
		t.Error(r, err)
	}
	m := NewPool(mistaken, 1)
	defer m.Close()
	if _, err := m.Apply(soon(t), 1); err == nil || !strings.Contains(err.Error(), "its result: ") {
		t.Error(err)
	}
}
