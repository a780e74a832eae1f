package mp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// Every process makes its own. (In this package, variables come before init.)
var (
	strayQueue *Queue[int]
	strayEnd   *Conn[int, None]
)

func init() {
	strayQueue = NewQueue[int](0)
	strayEnd, _ = Pipe[int, None]()
}

var (
	putAstray      = Proc("putAstray", func(n int) error { return strayQueue.Put(context.Background(), n) })
	sendAstray     = Proc("sendAstray", func(n int) error { return strayEnd.Send(n) })
	elementOf      = Func("elementOf", func(n int) (int, error) { return []int{1, 2}[n], nil })
	leaveWith      = Func("leaveWith", func(code int) (int, error) { os.Exit(code); return 0, nil })
	takeLetter     = Proc("takeLetter", func(letter) error { return nil })
	answerHidden   = Func("answerHidden", func(int) (hidden, error) { return hidden{}, nil })
	waitForNothing = Proc("waitForNothing", func(c *Conn[None, None]) error { c.Recv(); return nil })
)

type letter struct {
	Text  string
	Inner struct{ Done []chan int }
}

type hidden struct{ text string }

// What beginners do is an error that says what it was, or where.
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
		"its argument: mp: cannot encode a mp.letter: its field Inner.Done, a chan int, means": NewProcess(takeLetter, letter{}).Start(soon(t)),
		"cannot encode a chan int: a chan int means nothing in another process":                NewQueue[chan int](0).Put(soon(t), nil),
		"mp.letter; call gob.Register":                                       NewProcess(takeAny, any(letter{})).Start(soon(t)),
		"its answer: mp: cannot encode a mp.hidden: gob: ":                   secret,
		"has no exported fields; only fields that begin with a capital":      secret,
		"index out of range [5] with length 2 (mistakes_test.go:":            onePool(elementOf, 5),
		"exit code 0, before it had answered":                                onePool(leaveWith, 0),
		"TaskTimeout is 1ms: context deadline":                               late,
		"putAstray: panic: mp: this queue was made before mp.Main, so":       runProcess(NewProcess(putAstray, 1)),
		"sendAstray: send: mp: this pipe was made before mp.Main, so every":  runProcess(NewProcess(sendAstray, 1)),
		"; write func main() { mp.Main(run) }, or call mp.Init() first thin": ErrNoMain,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v\nwant it to say %s", err, want)
		}
	}
	if err := strayQueue.Put(soon(t), 1); err != nil {
		t.Error("it is no mistake in the process that everybody can get it from:", err)
	}
}

// The stack that a panic brings along begins with it and has nothing of ours
// at its end.
func TestStackOfAPanic(t *testing.T) {
	p := NewPool(elementOf, 1)
	defer p.Close()
	_, err := p.Apply(soon(t), 5)
	var r *RemoteError
	if !errors.As(err, &r) || !strings.Contains(r.Stack, "mistakes_test.go:") ||
		!strings.HasPrefix(strings.SplitN(r.Stack, "\n", 3)[1], "panic(") || strings.Contains(r.Stack, "mp.once(") {
		t.Errorf("the stack is\n%s", r.Stack)
	}
}

func init() {
	programs["forgets to close"] = func(ctx context.Context) error {
		ours, theirs := Pipe[None, None]()
		if err := NewProcess(waitForNothing, theirs).Start(ctx); err != nil {
			return err
		}
		go func() {
			io.Copy(io.Discard, os.Stdin)
			ours.Close()
		}()
		return errors.New("no such file")
	}
}

// Whoever returns an error before he has closed what his children wait for is
// told for whom Main waits.
func TestMainSaysForWhomItWaits(t *testing.T) {
	cmd, stdout := program(t, "forgets to close")
	stdin, _ := cmd.StdinPipe()
	stderr, _ := cmd.StderrPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	inTime(t, "the two lines", func() {
		var name, rest string
		fmt.Fscanf(stderr, "%s no such file\n", &name)
		fmt.Fscanf(stderr, "%s waiting for Process-1 %s", &name, &rest)
		if rest != "(pid" {
			t.Errorf("after the error comes %q %q", name, rest)
		}
	})
	stdin.Close()
	ended(t, stdout)
}
