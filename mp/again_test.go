package mp

import (
	"context"
	"errors"
	"math"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Calls at an unusual moment, or in an unusual place: each returns, or says what
// is wrong.

// A stalled is encoded only when main says so, and then it is an error.
type stalled struct{ encode <-chan struct{} }

func (s stalled) GobEncode() ([]byte, error) {
	<-s.encode
	return nil, errors.New("it took too long")
}

func (*stalled) GobDecode([]byte) error { return nil }

type hides struct {
	N   int
	out any
}

var (
	takeStalled = Proc("takeStalled", func(stalled) error { return nil })
	initAgain   = Proc("initAgain", func(c *Conn[string, None]) error { Init(); return c.Send("it goes on") })
	takeHidden  = Proc("takeHidden", func(hides) error { return nil })
	mainAgain   = Proc("mainAgain", func(None) error { Main(func(context.Context) error { return nil }); return nil })
)

func init() {
	programs["calls Goexit"] = func(context.Context) error { runtime.Goexit(); return nil }
	programs["returns a rude error"] = func(context.Context) error { return exitsAsText{} }
	programs["watches only the end"] = func(ctx context.Context) error {
		var codes []int
		Watch(nil, nil, func(_ *Process, code int) { codes = append(codes, code) })
		p := NewProcess(exitWith, 7)
		err := p.Start(ctx)
		p.Terminate()
		p.Join(ctx)
		if len(codes) != 1 {
			err = errors.Join(err, errors.New("no end was seen"))
		}
		return err
	}
}

// While Start has not returned, the process is not there: Join must not wait
// for a process whose Start fails in the end.
func TestJoinBeforeStartHasReturned(t *testing.T) {
	encode := make(chan struct{})
	p := NewProcess(takeStalled, stalled{encode})
	started := make(chan error)
	go func() { started <- p.Start(t.Context()) }()
	until(t, "Start to have begun", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.claimed
	})
	if err := p.Start(t.Context()); !errors.Is(err, ErrStarted) {
		t.Errorf("Start() = %v, want %v", err, ErrStarted)
	}
	if err := p.Join(soon(t)); !errors.Is(err, ErrNotStarted) {
		t.Errorf("Join() = %v, want %v", err, ErrNotStarted)
	}
	close(encode)
	if err := <-started; err == nil || !strings.Contains(err.Error(), "it took too long") {
		t.Error(err)
	}
}

func TestInitAndMainInAChild(t *testing.T) {
	ours, theirs := Pipe[None, string]()
	p := start(t, NewProcess(initAgain, theirs))
	if s, err := ours.Recv(); s != "it goes on" || err != nil {
		t.Error(s, err)
	}
	if err := p.Join(soon(t)); err != nil {
		t.Error(err)
	}
	if err := runProcess(NewProcess(mainAgain, None{})); err == nil || !strings.Contains(err.Error(), "only main may call it") {
		t.Error(err)
	}
}

func TestGoexitInRun(t *testing.T) {
	for _, program := range []string{"calls Goexit", "returns a rude error"} {
		runsTo(t, program, 1, "runtime.Goexit was called")
	}
}

func TestWatchOnlyTheEnd(t *testing.T) { runsTo(t, "watches only the end", 0, "") }

func TestOneChunkForAll(t *testing.T) {
	p := NewPool(square, 2)
	p.Chunk = math.MaxInt
	defer p.Close()
	if squares, err := p.Map(soon(t), []int{1, 2, 3}); len(squares) != 3 || squares[2] != 9 || err != nil {
		t.Errorf("Map() = %v, %v", squares, err)
	}
}

// Nobody sees from the type that the field holds a queue, which would stay behind.
func TestQueueInAFieldThatIsNotSent(t *testing.T) {
	for _, held := range []any{NewQueue[int](0), NewJoinableQueue[int](0), new(Conn[int, int])} {
		err := NewProcess(takeHidden, hides{1, held}).Start(t.Context())
		if err == nil || !strings.Contains(err.Error(), "its field out, a *mp.") || !strings.Contains(err.Error(), "capital letter") {
			t.Errorf("%T: %v", held, err)
		}
	}
	if err := runProcess(NewProcess(takeHidden, hides{1, "what can be left out"})); err != nil {
		t.Error(err)
	}
}

// slowToEncode takes longer to encode than its task may take.
type slowToEncode struct{}

var encodings atomic.Int32

func (slowToEncode) GobEncode() ([]byte, error) {
	encodings.Add(1)
	time.Sleep(time.Second)
	return nil, nil
}

func (*slowToEncode) GobDecode([]byte) error { return nil }

var takeSlowToEncode = Proc("takeSlowToEncode", func(slowToEncode) error { return nil })

// A task that has not begun within its timeout is given to a second worker, but
// not to all of them, one after the other.
func TestTimeoutBeforeTheTaskBegins(t *testing.T) {
	encodings.Store(0)
	p := NewPool(takeSlowToEncode, 1)
	p.TaskTimeout = 20 * time.Millisecond
	defer p.Terminate()
	_, err := p.Apply(soon(t), slowToEncode{})
	if n := encodings.Load(); n > 2 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%d workers were to get the task; %v", n, err)
	}
}
