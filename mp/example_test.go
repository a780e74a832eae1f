package mp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"processbook/mp"
)

// The children of the examples run these functions. In your own program also
// declare them at package level.
var (
	greet = mp.Proc("greet", func(whom string) error {
		fmt.Printf("%s says: hello, %s\n", mp.Current().Name, whom)
		return nil
	})

	upper = mp.Proc("upper", func(c *mp.Conn[string, string]) error {
		for {
			s, err := c.Recv()
			if err == io.EOF { // the other end was closed
				return nil
			}
			if err != nil {
				return err
			}
			if err := c.Send(strings.ToUpper(s)); err != nil {
				return err
			}
		}
	})

	length = mp.Func("length", func(s string) (int, error) {
		if s == "" {
			return 0, errors.New("nothing to measure")
		}
		return len(s), nil
	})

	leave = mp.Proc("leave", func(code int) error {
		os.Exit(code)
		return nil
	})

	adder = mp.Proc("adder", func(job adding) error {
		ctx := context.Background()
		for n := range job.Numbers.All(ctx) { // ends when the queue is closed and empty
			if err := job.Sums.Put(ctx, n+n); err != nil {
				return err
			}
		}
		return nil
	})

	clerk = mp.Proc("clerk", func(forms *mp.JoinableQueue[string]) error {
		for range forms.All(context.Background()) {
			if err := forms.TaskDone(); err != nil {
				return err
			}
		}
		return nil
	})
)

type adding struct {
	Numbers, Sums *mp.Queue[int]
}

func ExampleProcess() {
	ctx := context.Background()
	p := mp.NewProcess(greet, "world")
	p.Name = "Worker"
	if err := p.Start(ctx); err != nil {
		fmt.Println(err)
	}
	if err := p.Join(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println(p.ExitCode())
	// Output:
	// Worker says: hello, world
	// 0 true
}

// Join with a timeout is Join with a context that ends. The process goes on.
func ExampleProcess_Join() {
	ours, theirs := mp.Pipe[string, string]()
	p := mp.NewProcess(upper, theirs)
	p.Start(context.Background())

	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	fmt.Println(p.Join(ctx), p.Alive())

	ours.Close() // the process waits for EOF
	fmt.Println(p.Join(context.Background()), p.Alive())
	// Output:
	// context deadline exceeded true
	// <nil> false
}

func ExampleProcess_Terminate() {
	ours, theirs := mp.Pipe[string, string]()
	defer ours.Close() // until then the process waits
	p := mp.NewProcess(upper, theirs)
	p.Start(context.Background())
	p.Terminate()
	p.Join(context.Background())
	fmt.Println(p.ExitCode())
	// Output: -15 true
}

func ExampleExitError() {
	p := mp.NewProcess(leave, 7)
	p.Name = "Leaver"
	p.Start(context.Background())
	err := p.Join(context.Background())
	var exit *mp.ExitError
	if errors.As(err, &exit) {
		fmt.Println(exit.Name, exit.Code)
	}
	// Output: Leaver 7
}

func ExamplePipe() {
	ours, theirs := mp.Pipe[string, string]()
	p := mp.NewProcess(upper, theirs) // their end moves into the process
	p.Start(context.Background())
	ours.Send("hello")
	fmt.Println(ours.Recv())
	ours.Close()
	fmt.Println(p.Join(context.Background()))
	// Output:
	// HELLO <nil>
	// <nil>
}

func ExampleConn_Poll() {
	a, b := mp.Pipe[int, mp.None]()
	fmt.Println(b.Poll(0))
	a.Send(1)
	fmt.Println(b.Poll(time.Second))
	// Output:
	// false <nil>
	// true <nil>
}

func ExampleQueue() {
	ctx := context.Background()
	numbers, sums := mp.NewQueue[int](0), mp.NewQueue[int](0)
	for range 2 {
		mp.NewProcess(adder, adding{numbers, sums}).Start(ctx)
	}
	for n := range 5 {
		numbers.Put(ctx, n)
	}
	numbers.Close() // that was the last one: both adders will end
	for _, p := range mp.Children() {
		p.Join(ctx)
	}
	sums.Close()
	fmt.Println(slices.Sorted(sums.All(ctx)))
	// Output: [0 2 4 6 8]
}

func ExampleJoinableQueue() {
	ctx := context.Background()
	forms := mp.NewJoinableQueue[string](0)
	p := mp.NewProcess(clerk, forms)
	p.Start(ctx)
	for _, form := range []string{"A38", "B65"} {
		forms.Put(ctx, form)
	}
	fmt.Println(forms.Join(ctx)) // both items are done
	forms.Close()
	fmt.Println(p.Join(ctx))
	// Output:
	// <nil>
	// <nil>
}

func ExamplePool() {
	pool := mp.NewPool(length, 2)
	defer pool.Close()
	lengths, err := pool.Map(context.Background(), []string{"one", "three", "eleven"})
	fmt.Println(lengths, err)
	// Output: [3 5 6] <nil>
}

func ExamplePool_Apply() {
	pool := mp.NewPool(length, 1)
	defer pool.Close()
	fmt.Println(pool.Apply(context.Background(), "seven"))
	// Output: 5 <nil>
}

func ExamplePool_Imap() {
	pool := mp.NewPool(length, 2)
	defer pool.Close()
	words := slices.Values([]string{"to", "", "question"})
	for n, err := range pool.Imap(context.Background(), words) {
		fmt.Println(n, err != nil)
	}
	// Output:
	// 2 false
	// 0 true
	// 8 false
}

// A failed task says which one it was, and what its function returned.
func ExampleTaskError() {
	pool := mp.NewPool(length, 1)
	defer pool.Close()
	_, err := pool.Map(context.Background(), []string{"a", "", "b"})
	var task *mp.TaskError
	if errors.As(err, &task) {
		fmt.Println(task.Index, task.Func)
	}
	var remote *mp.RemoteError
	if errors.As(err, &remote) {
		fmt.Println(remote.Type, remote.Message)
	}
	// Output:
	// 1 length
	// *errors.errorString nothing to measure
}

// A RemoteError has the text of an error that a function returned in another
// process.
func ExampleRemoteError() {
	pool := mp.NewPool(length, 1)
	defer pool.Close()
	_, err := pool.Apply(context.Background(), "")
	var remote *mp.RemoteError
	fmt.Println(errors.As(err, &remote))
	fmt.Println(remote)
	// Output:
	// true
	// length: nothing to measure
}

// A Function has a name, and the types of its argument and its result.
func ExampleFunction() {
	pool := mp.NewPool(length, 1)
	defer pool.Close()
	n, err := pool.Apply(context.Background(), "checked at compile time")
	fmt.Println(n, err)
	// Output: 23 <nil>
}

// None is the type of the argument or the result of a function that has none.
func ExampleNone() {
	ready, set := mp.Pipe[mp.None, mp.None]()
	go set.Send(mp.None{})
	fmt.Println(ready.Recv())
	// Output: {} <nil>
}

func ExampleMain() {
	run := func(ctx context.Context) error {
		p := mp.NewProcess(greet, "family")
		p.Name = "Child"
		return p.Start(ctx)
	}
	mp.Main(run) // the last line of main; it joins the child
	// Output: Child says: hello, family
}
