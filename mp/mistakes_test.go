package mp

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// Each process makes its own queue and pipe. (In this package, variables are
// made before init.)
var (
	strayQueue *Queue[int]
	strayEnd   *Conn[int, None]
)

func init() {
	strayQueue = NewQueue[int](0)
	strayEnd, _ = Pipe[int, None]()
}

var (
	putAstray    = Proc("putAstray", func(n int) error { return strayQueue.Put(context.Background(), n) })
	sendAstray   = Proc("sendAstray", func(n int) error { return strayEnd.Send(n) })
	leaveWith    = Func("leaveWith", func(code int) (int, error) { os.Exit(code); return 0, nil })
	takeLetter   = Proc("takeLetter", func(letter) error { return nil })
	answerHidden = Func("answerHidden", func(int) (hidden, error) { return hidden{}, nil })
	takeShare    = Proc("takeShare", func(modest) error { return nil })
	takeAll      = Proc("takeAll", func(q *Queue[int]) error {
		for range q.All(context.Background()) {
		}
		return nil
	})
	waitForNothing = Proc("waitForNothing", func(c *Conn[None, None]) error { c.Recv(); return nil })
)

type letter struct {
	Text  string
	Inner struct{ Done []chan int }
}

type hidden struct{ text string }

type modest struct {
	Part struct{ items []*JoinableQueue[int] }
}

// Mistakes of beginners are errors that name the mistake, or its place.
func TestMistakesAreNamed(t *testing.T) {
	onePool := func(f Function[int, int], n int) error {
		p := NewPool(f, 1)
		p.TaskTimeout = time.Minute
		defer p.Close()
		_, err := p.Apply(soon(t), n)
		return err
	}
	p := NewPool(forever, 1)
	p.TaskTimeout = time.Millisecond
	defer p.Terminate()
	_, late := p.Apply(soon(t), 1)
	h := NewPool(answerHidden, 1)
	defer h.Close()
	_, secret := h.Apply(soon(t), 1)

	for want, err := range map[string]error{
		"its argument: mp: cannot encode a value of type mp.letter: its field Inner.Done, a chan int, means": NewProcess(takeLetter, letter{}).Start(soon(t)),
		"its field Part.items, a []*mp.JoinableQueue[int], would not be sent: begin":                         NewProcess(takeShare, modest{}).Start(soon(t)),
		"cannot encode a value of type chan int: a chan int means nothing in another process":                NewQueue[chan int](0).Put(soon(t), nil),
		"cannot encode a value of type interface {}: its field Inner.Done, a chan int, means nothing in":     NewProcess(takeAny, any(letter{})).Start(soon(t)),
		"mp.result; call gob.Register, in an init function, for each type in an interface":                   NewProcess(takeAny, any(result{})).Start(soon(t)),
		"its field P, a *mp.Process, means nothing in another process":                                       NewProcess(takeAny, any(struct{ P *Process }{})).Start(soon(t)),
		"a *mp.Pool[int,int] means nothing in another process":                                               NewQueue[*Pool[int, int]](0).Put(soon(t), p),
		"this end of a pipe was not made by Pipe":                                                            NewQueue[[]*Conn[int, int]](0).Put(soon(t), make([]*Conn[int, int], 1)),
		"this queue was not made by NewQueue":                                                                NewQueue[[]*Queue[int]](0).Put(soon(t), make([]*Queue[int], 1)),
		"its result: mp: cannot encode a value of type mp.hidden: gob: ":                                     secret,
		"has no exported fields; only fields that begin with a capital":                                      secret,
		"exit code 0, before it returned a result":                                                           onePool(leaveWith, 0),
		"TaskTimeout is 1ms: context deadline":                                                               late,
		"putAstray: panic: mp: this queue was made before mp.Main, so":                                       runProcess(NewProcess(putAstray, 1)),
		"sendAstray: send: mp: this pipe was made before mp.Main, so each":                                   runProcess(NewProcess(sendAstray, 1)),
		"; write func main() { mp.Main(run) }, or in TestMain, call mp.Init":                                 ErrNoMain,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v\nwant it to say %s", err, want)
		}
	}
	if err := strayQueue.Put(soon(t), 1); err != nil {
		t.Error("in main, it is not a mistake to use this queue:", err)
	}
}

type trie map[string]trie

type desk struct {
	Next map[string]*struct{ In *JoinableQueue[int] }
}

func putZero[T any]() error { return NewQueue[T](0).TryPut(*new(T)) }

// If gob would skip a field with a queue or an end of a pipe, the error names the
// field. Other fields may be skipped.
func TestWhatWouldStayBehind(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{putZero[struct{ Q *Queue[int] }](), ""},
		{putZero[struct{ q *Queue[int] }](), "its field q, a *mp.Queue[int], would not"},
		{putZero[struct{ c Conn[int, int] }](), "its field c, a mp.Conn[int,int], would not"},
		{putZero[struct {
			N int
			n None
		}](), ""},
		{putZero[struct {
			N int
			t trie
		}](), ""},
		{putZero[struct{ desk }](), "its field desk, a mp.desk, would not"},
		{putZero[struct{ *desk }](), "its field desk, a *mp.desk, would not"},
		{putZero[struct{ D []desk }](), ""},
	} {
		if test.want == "" && test.err != nil || test.want != "" && (test.err == nil || !strings.Contains(test.err.Error(), test.want)) {
			t.Errorf("the error is %v, want %q", test.err, test.want)
		}
	}
}

// A queue or an end of a pipe is passed only to a process that starts, and not as
// a copy.
func TestHandlesAreOnlyInArguments(t *testing.T) {
	q, d := NewQueue[int](0), desk{map[string]*struct{ In *JoinableQueue[int] }{"a": {NewJoinableQueue[int](0)}}}
	end, _ := Pipe[int, None]()
	toEnds, _ := Pipe[*Conn[int, None], None]()
	pool := NewPool(takeDesk, 1)
	defer pool.Close()
	_, applied := pool.Apply(soon(t), d)
	for name, err := range map[string]error{
		"Put":          NewQueue[*Queue[int]](0).TryPut(q),
		"Send":         toEnds.Send(end),
		"Apply":        applied,
		"an interface": NewQueue[any](0).TryPut([]any{q}),
	} {
		if err == nil || !strings.Contains(err.Error(), "passed only in the argument of a process that starts") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := NewProcess(takeCopies, map[string]Queue[int]{"a": *q}).Start(soon(t)); err == nil || !strings.Contains(err.Error(), "contains a copy") {
		t.Errorf("a map of queues, not of pointers to queues: %v", err)
	}
	if err := q.TryPut(1); err != nil {
		t.Error("after all this:", err)
	}
	if err := end.Close(); err != nil {
		t.Error("after all this:", err)
	}
}

var (
	takeDesk   = Proc("takeDesk", func(desk) error { return nil })
	takeCopies = Proc("takeCopies", func(map[string]Queue[int]) error { return nil })
)

func init() {
	atTheEnd := func(do func() error) {
		go func() {
			io.Copy(io.Discard, os.Stdin)
			do()
		}()
	}
	programs["fails before its Close"] = func(ctx context.Context) error {
		ours, theirs := Pipe[None, None]()
		atTheEnd(ours.Close)
		return errors.Join(NewProcess(waitForNothing, theirs).Start(context.Background()), errors.New("no such file"))
	}
	programs["forgets its TaskDone"] = func(ctx context.Context) error {
		q := NewJoinableQueue[int](0)
		q.Put(ctx, 1)
		early, late := NewProcess(takeAll, q.Queue), NewProcess(takeAll, q.Queue)
		atTheEnd(func() error { return errors.Join(early.Kill(), late.Kill()) })
		if err := early.Start(context.Background()); err != nil {
			return err
		}
		for n := 1; n > 0 || !early.isBlocked(); n, _ = q.Len() { // until it has that item, and waits for the next
			time.Sleep(time.Millisecond)
		}
		return errors.Join(q.Close(), late.Start(context.Background()))
	}
	programs["forgets its Close"] = func(ctx context.Context) error {
		q := NewQueue[int](0)
		atTheEnd(q.Close)
		for range 2 {
			if err := NewProcess(takeAll, q).Start(context.Background()); err != nil {
				return err
			}
		}
		return q.Put(ctx, 1)
	}
}

// If run returns before it has closed the queues and pipes of its children, Main
// says for which children it waits.
func TestMainSaysForWhomItWaits(t *testing.T) {
	for name, want := range map[string][]string{
		"fails before its Close": {"no such file", "waiting for Process-1 (pid "},
		"forgets its Close":      {"waiting for Process-1 (pid ", "), Process-2 (pid ", "), which wait for items of a queue: call Close"},
		"forgets its TaskDone":   {"waiting for Process-1 (pid ", "), Process-2 (pid ", "), which wait for items of a queue: ", "call TaskDone for each"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd, stdout := program(t, name)
			stdin, _ := cmd.StdinPipe()
			stderr, _ := cmd.StderrPipe()
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			inTime(t, name, func() {
				var said []byte
				for b := make([]byte, 1); len(want) > 0; said = append(said, b...) {
					if _, err := stderr.Read(b); err != nil {
						t.Errorf("%s: it says %q, and not %q", name, said, want)
						return
					}
					if strings.Contains(string(said), want[0]) {
						want = want[1:]
					}
				}
			})
			stdin.Close()
			ended(t, stdout)
		})
	}
}
