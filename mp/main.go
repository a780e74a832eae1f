package mp

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"processbook/mp/internal/frame"
)

// mainCalled is set when Main or Init is called.
var mainCalled atomic.Bool

// tooEarly reports whether this is a child that has not called Main. Every other
// process of the program would also make the queue that this child makes now.
func tooEarly() bool { return asChild != nil && !mainCalled.Load() }

// Main is usually the only thing that main calls:
//
//	func main() { mp.Main(run) }
//
// In the program that you start, Main calls run, in a goroutine of its own. When
// run has returned, Main terminates the children that are daemons, joins the
// others, and returns. Until these children have ended, the queues of this process
// go on working. If all of these children wait for items of queues, Main prints
// the children's names, because a Close may be missing. If run failed, Main prints
// the error and exits with code 1. If run panics, this process and its children
// end.
//
// [Process.Start] starts the same program again, as a child. There, Main calls the
// child's function instead of run, and does not return.
//
// Ctrl-C ends run's context. Children ignore Ctrl-C, so only run decides what
// happens. If run then returns an error, Main does not print it. When the children
// have ended, the program ends by SIGINT. It also does so if run has returned
// before the Ctrl-C. A second Ctrl-C ends the program at once. If a script starts
// the program in the background, Ctrl-C is ignored, also by the children.
//
// In Python, the test of __name__ and freeze_support do this work.
func Main(run func(ctx context.Context) error) {
	if asChild != nil && mainCalled.Load() {
		panic("mp: the function of a child calls Main; only main may call it")
	}
	checkMark(true)
	Init()
	heard := make(chan os.Signal, 1) // it keeps the first Ctrl-C
	ctx, stop := interruptible(heard)
	defer stop()
	context.AfterFunc(ctx, stop) // the second Ctrl-C has its usual effect
	err := cmp.Or(frame.Guard(func() error { return run(ctx) }), self.skipped())
	quietPipes()
	waits := err != nil || len(Children()) > 0
	if waits { // the same Ctrl-C may have ended run, or a child that was starting: wait until it has reached this process
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
	signal.Stop(heard) // returns when a Ctrl-C that run has handled is also in heard
	interrupted := len(heard) > 0 || ctx.Err() != nil
	if err != nil && !interrupted { // after Ctrl-C, the error only says that somebody typed Ctrl-C
		complain(textOf("run", err))
	}
	gone := make(chan struct{})
	go sayForWhom(err != nil && !interrupted, gone)
	endFamily()
	close(gone)
	switch {
	case interrupted && err != nil, !interrupted && waits && ctx.Err() != nil: // Ctrl-C, and run has failed, or had returned before
		signal.Reset(os.Interrupt)
		interruptSelf()
		time.Sleep(time.Second) // a signal to oneself takes a moment
		os.Exit(130)
	case err != nil:
		os.Exit(1)
	}
}

// interruptible returns a context that Ctrl-C ends, and puts the Ctrl-C into heard. It
// does neither if Ctrl-C was ignored at the start, as in the background of a script.
func interruptible(heard chan os.Signal) (ctx context.Context, stop func()) {
	if signal.Ignored(os.Interrupt) {
		return context.WithCancel(context.Background())
	}
	ctx, ignore := signal.NotifyContext(context.Background(), os.Interrupt)
	signal.Notify(heard, os.Interrupt)
	return ctx, func() { ignore(); signal.Stop(heard) }
}

// quietPipes lets this process go on when nobody reads its output any more,
// because it still has children to wait for. Without that, SIGPIPE would end it.
func quietPipes() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

func complain(text any) { fmt.Fprintf(os.Stderr, "%s: %v\n", filepath.Base(programFile), text) }

// sayForWhom prints which children Main waits for, if they wait for an item of a
// queue that run has not closed, or if run has failed.
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
			complain(text + ", which wait for items of a queue: call Close after the last Put; if it is a JoinableQueue, call TaskDone for each item")
			return
		case failed && len(names) > 0:
			complain(text)
			failed = false
		}
	}
}

// Init takes the place of [Main] in a program that needs its own main, such as a
// test:
//
//	func TestMain(m *testing.M) {
//		mp.Init()
//		os.Exit(m.Run())
//	}
//
// Call it before anything else. In a child it calls the child's function and
// does not return. Otherwise, and when it is called again, it returns at once.
// When the program ends, its children end. They are not joined.
func Init() {
	checkMark(false)
	if again := mainCalled.Swap(true); asChild != nil && !again {
		asChild.live()
	}
}
