// Package mp is Python's multiprocessing thought through again for Go:
// processes, pools, pipes and queues, on os/exec and os.Pipe alone. Kill any
// process at any time: the others do not hang, and lose nothing but what the
// dead one had in its hands.
//
// # A program
//
//	package main
//
//	import (
//		"context"
//		"fmt"
//
//		"processbook/mp"
//	)
//
//	var square = mp.Func("square", func(n int) (int, error) { return n * n, nil })
//
//	func run(ctx context.Context) error {
//		pool := mp.NewPool(square, 4)
//		defer pool.Close()
//		squares, err := pool.Map(ctx, []int{1, 2, 3})
//		fmt.Println(squares)
//		return err
//	}
//
//	func main() { mp.Main(run) }
//
// Two consumers of a queue, and their results in another one:
//
//	type counting struct {
//		Files  *mp.Queue[string] // exported, or it does not travel
//		Counts *mp.Queue[int]
//	}
//
//	var counter = mp.Proc("counter", func(c counting) error {
//		ctx := context.Background() // a child ends with its parent anyhow
//		for file := range c.Files.All(ctx) {
//			if err := c.Counts.Put(ctx, countWords(file)); err != nil {
//				return err
//			}
//		}
//		return nil
//	})
//
//	func run(ctx context.Context) error {
//		files, counts := mp.NewQueue[string](0), mp.NewQueue[int](0)
//		a := mp.NewProcess(counter, counting{files, counts})
//		b := mp.NewProcess(counter, counting{files, counts})
//		err := errors.Join(a.Start(ctx), b.Start(ctx))
//		for _, file := range os.Args[1:] {
//			err = errors.Join(err, files.Put(ctx, file))
//		}
//		files.Close() // no more files: this ends both loops
//		err = errors.Join(err, a.Join(ctx), b.Join(ctx))
//		counts.Close() // no more counts
//		for n := range counts.All(ctx) {
//			fmt.Println(n)
//		}
//		return err
//	}
//
// What other processes are to run is declared at package level, with [Func] or
// [Proc], because only its name can cross to another process. [Main] is all
// that main does: in the program that you start it calls run; in a child it
// does what the parent asked for. [Init] does the same in a TestMain.
//
// # The picture
//
//	          down: what to run, then tasks; its end is the lifeline
//	parent  ---------------------------------------------------------->  child
//	        <----------------------------------------------------------
//	          up: answers, failures
//	        <----------------------------------------------------------
//	          crash: the runtime's last words
//
// A child is this program, started once more, with the same arguments,
// environment, standard output and standard error. Its standard input is empty.
// Three pipes join it to its parent, and one pair more for each end of a [Pipe]
// and each [Queue] that rides in its argument. Nothing is shared between
// siblings: a queue lives in the process that made it and serves every other
// one over pipes of its own. So there is no lock that a dead process can hold,
// and no stream that two can tear.
//
// A child reads its pipe from the parent all the time. When that ends, however
// the parent ended, the child ends, and so do its own children.
//
// # Promises
//
// Kill any process, at any time. Beside each promise stand tests that fail
// without it; "it" is a process that ends by returning, a panic, os.Exit or
// SIGKILL, whenever that is.
//
//	G1   All descendants that it started are gone within a second (one that is
//	     stopped: once it is continued; on Windows, one that was just being
//	     created may stay, and never runs a line).
//	       TestDescendantsEndWithTheirParent TestTowerFalls
//	       TestKilledMainLeavesNobody TestStoppedGrandchildEnds
//	G2   A worker costs its pool the task that it was at, no other; the error
//	     says which one, where and why; the next task succeeds.
//	       TestCrashMatrix TestWorkerKilledWithTasksAhead
//	       TestTaskOfADeadWorkerIsNotLost TestIdleWorkersMayDie
//	G3   A queue goes on for all others. An item is put as a whole or not at
//	     all, and one that no Get has returned is still there.
//	       TestKilledProducer TestKilledConsumers TestHalfAnItem
//	       TestConsumerKilledBeforeItTakes
//	G4   An item of a JoinableQueue that was not finished goes to another
//	     consumer, and Join returns.
//	       TestJoinableQueueGivesUnfinishedItemsToOthers
//	       TestItemComesBackFromAGrandchild
//	G5   Nobody waits for it for ever: the call returns io.EOF,
//	     io.ErrUnexpectedEOF or an error that names the process. (At an open
//	     queue Get waits, and at a full one Put, as long as there may be
//	     somebody else: so Close it when its producers have ended.)
//	       TestSenderKilledInTheMiddleOfAValue TestAskingTheDead
//	       TestReceiverKilledBeforeItReceives TestQueueWhoseHolderDies
//	G6   What the runtime printed in a crash that no recover sees is in the
//	     error.
//	       TestExitCodes TestCrashMatrixOfAProcess
//	G7   A value that gob refuses, or a function that is not there, is an error
//	     of the call that was to send it, or to receive it; so is a type that
//	     has a function or a channel in it, or an unexported field with a
//	     queue or an end of a pipe, unless an interface hides it. (Other
//	     unexported fields stay behind.)
//	       TestWhatCannotBeEncoded TestFunctionsThatAreNotThere
//	       TestItemThatCannotBeDecoded TestMistakesAreNamed
//	       TestCrashMatrix
//	G8   Garbage on a pipe is an error, not a hang or a large allocation.
//	       TestLengthThatLies TestGarbageFromAChild TestGarbageFromAWorker
//	       TestGarbageInAPipe TestGarbageInAQueue FuzzFrames
//	G9   After any number of all this no process, zombie, goroutine or file is
//	     left over.
//	       TestNothingIsLeftOver TestSiblingsHaveAsManyFiles
//	       TestUnclosedPoolEndsWithMain
//	G10  What a child prints or reads disturbs nothing.
//	       TestPrintingDisturbsNothing TestChildReadsNothing
//	G11  Joining a process before taking what it has put into a queue is fine.
//	       TestJoinBeforeDraining
//	G12  A task over its time is stopped, even in an endless loop; the others do
//	     not notice.
//	       TestTaskTimeout TestTimeoutHitsNoOther TestTimeoutHitsNoNeighbour
//	       TestStartsContextEndsTheProcess
//
// # Python's words
//
//	if __name__ == "__main__":         mp.Main(run), mp.Init()
//	def f(x): at module level          var f = mp.Func("f", ...)
//	Process(target=f, args=(x,))       mp.NewProcess(f, x)
//	name=, daemon=                     p.Name, p.Daemon
//	start, join, join(1)               Start, Join, Join with a timeout context
//	is_alive, pid, exitcode            Alive, PID, ExitCode
//	terminate, kill, sentinel          Terminate, Kill, Done
//	current_process, parent_process    Current, Parent
//	active_children                    Children
//	log_to_stderr                      Watch
//	Pipe(), send, recv, poll           Pipe, Send, Recv, Poll
//	Queue, put, get, qsize             NewQueue, Put, Get, Len
//	put_nowait, get_nowait             TryPut, TryGet
//	JoinableQueue, task_done, join     NewJoinableQueue, TaskDone, Join
//	one None for each consumer         Close, and for item := range q.All(ctx)
//	Pool(4), apply, map                NewPool(f, 4), Apply, Map
//	map(chunksize=), imap              Chunk, Imap
//	imap_unordered                     ImapUnordered
//	close, terminate                   Close, Terminate
//	apply_async, map_async, callbacks  a goroutine
//	starmap, args=(a, b)               a struct
//	initializer                        sync.OnceFunc in the function
//	pickle                             encoding/gob; numbers as they are
//	Lock, Semaphore                    a queue with one token, with n
//	Value, Array, Manager              not here: they are not pipes
//
// # Reading it
//
// One idea a file, in this order: func.go, main.go, process.go, child.go,
// family.go; message.go, memory.go, hand.go; pipe.go; queue.go, queue_owner.go
// and its deque.go, queue_serve.go, queue_remote.go; pool.go, seat.go,
// stream.go, worker.go and its inbox.go; errors.go. What differs between systems
// is in hand_*.go, poll_*.go and signal_*.go.
package mp
