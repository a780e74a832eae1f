package mp

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// ready: Main or Init has run, so a child of this program will find its way.
var ready atomic.Bool

// tooEarly: this is a child that does not yet know its function. What is made
// now is made in every process.
func tooEarly() bool { return this != nil && !ready.Load() }

// Main is what main calls, and all that it calls:
//
//	func main() { mp.Main(run) }
//
// In the program that you start it calls run. When run has returned, the
// daemons among this process's children are terminated, the others are joined,
// and until they are gone their queues are served. Then Main returns; if run
// failed, it prints the error and exits with status 1. If it waits for children
// that have asked a queue for an item, and the queue is open, it says so. If run
// panics, the children end with this process.
//
// In a child, which is the same program started by [Process.Start], Main runs
// the child's function instead of run, and does not return.
//
// Ctrl-C ends run's context and nothing else: children ignore it, so there is
// one place where the end is decided. When run then fails, Main prints nothing,
// and ends as Ctrl-C ends a program. A second Ctrl-C ends it at once.
//
// Main stands for Python's if __name__ == "__main__" and freeze_support.
func Main(run func(ctx context.Context) error) {
	checkMark(true)
	Init()
	ctx, stop := interruptible()
	defer stop()
	context.AfterFunc(ctx, stop) // from the first Ctrl-C on, the next one has its usual effect
	err := run(ctx)
	if err == nil {
		err = self.skipped()
	}
	quietPipes()
	if err != nil { // perhaps of a child that the same Ctrl-C ended while it was starting: be sure to have heard it
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
	interrupted := ctx.Err() != nil
	if err != nil && !interrupted { // or it only says that children have ended
		complain(err)
	}
	gone := make(chan struct{})
	go sayForWhom(err != nil && !interrupted, gone)
	endFamily()
	close(gone)
	switch {
	case err != nil && interrupted:
		signal.Reset(os.Interrupt)
		interruptSelf()
		time.Sleep(time.Second) // a signal to oneself takes a moment
		os.Exit(130)
	case err != nil:
		os.Exit(1)
	}
}

// interruptible returns a context that Ctrl-C ends, unless Ctrl-C was ignored
// when the program was started, as in the background of a script.
func interruptible() (ctx context.Context, stop func()) {
	if signal.Ignored(os.Interrupt) {
		return context.WithCancel(context.Background())
	}
	return signal.NotifyContext(context.Background(), os.Interrupt)
}

// quietPipes lets this process go on when nobody reads its output any more: at
// its end it still has children to wait for. A Go program would be ended by
// SIGPIPE.
func quietPipes() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

func complain(text any) { fmt.Fprintf(os.Stderr, "%s: %v\n", filepath.Base(programFile), text) }

// sayForWhom is for a run that has returned, perhaps with an error, before it
// has closed what its children wait for. Main waits for them.
func sayForWhom(failed bool, gone <-chan struct{}) {
	for {
		select {
		case <-gone:
			return
		case <-time.After(time.Second):
		}
		names, blocked := awaited()
		text := "waiting for " + strings.Join(names, ", ")
		switch {
		case blocked:
			complain(text + ", at a queue: Close it if nothing more will be put; if it is joinable, call TaskDone for each item")
			return
		case failed && len(names) > 0:
			complain(text)
			failed = false
		}
	}
}

// Init is [Main] for a program that has a main of its own, such as a test:
//
//	func TestMain(m *testing.M) {
//		mp.Init()
//		os.Exit(m.Run())
//	}
//
// Call it before anything else. In a child it runs the child's function and
// does not return; otherwise it returns at once. Nobody then ends the daemons
// and joins the others when the program ends: its children just end with it.
func Init() {
	checkMark(false)
	ready.Store(true)
	if this != nil {
		this.live()
	}
}
