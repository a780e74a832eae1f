// Package mp is Python's multiprocessing for Go: processes, pools, pipes and
// queues, made of os/exec and os.Pipe. You can kill any process at any time: the
// other processes do not hang, and only the work that the killed process was
// doing is lost.
//
// Two things surprise nearly everybody. Only exported fields are sent: a field
// that begins with a lower-case letter arrives as its zero value, without an
// error. And a child is the program, started again: it does not see variables
// that run has set, nor flags that run has parsed. Pass what a child needs in its
// argument, or parse flags before [Main].
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
//		Files  *mp.Queue[string] // exported, or Start returns an error
//		Counts *mp.Queue[int]
//	}
//
//	var counter = mp.Proc("counter", func(c counting) error {
//		ctx := context.Background() // a child always ends with its parent
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
// Declare what other processes can run at package level, with [Func] or [Proc],
// because only its name can be sent to another process. [Main] is all that main
// does: in the program that you start, it calls run; in a child, it does what
// the parent asked for. [Init] does the same in a TestMain.
//
// # Python's words
//
//	if __name__ == "__main__":         mp.Main(run), mp.Init()
//	def f(x): at module level          var f = mp.Func("f", ...)
//	Process(target=f, args=(x,))       mp.NewProcess(f, x)
//	args=(a, b), starmap               a struct with a field for each
//	name=, daemon=                     p.Name, p.Daemon
//	start, join, join(1)               Start, Join, Join with a timeout context
//	is_alive, pid, exitcode            Alive, PID, ExitCode
//	terminate, kill, sentinel          Terminate, Kill, Done
//	wait on several sentinels          select, with a Done for each
//	current_process, parent_process    Current, Parent
//	active_children, cpu_count         Children, runtime.NumCPU
//	Pipe(), send, recv, poll           Pipe, Send, Recv, Poll
//	wait on several connections        a goroutine with a Recv for each
//	Queue, put, get, qsize             NewQueue, Put, Get, Len
//	put_nowait, get_nowait             TryPut, TryGet
//	JoinableQueue, task_done, join     NewJoinableQueue, TaskDone, Join
//	one None for each consumer         Close, and for item := range q.All(ctx)
//	Pool(4), apply, map                NewPool(f, 4), Apply, Map
//	map(chunksize=)                    Chunk
//	imap, imap_unordered               Imap, ImapUnordered, with slices.Values(list)
//	close, terminate                   Close, Terminate
//	apply_async, map_async, callbacks  a goroutine
//	initializer, initargs              sync.OnceFunc in the function, and a field
//	                                   of its argument
//	Event, Condition, Barrier          a message through a pipe or a queue
//	Lock, Semaphore                    a queue with one token, with n
//	get_logger                         log, which writes to the same standard error
//	log_to_stderr                      Watch
//	pickle                             encoding/gob; numbers as they are
//	Value, Array, shared_memory        not here: processes share no memory
//	Manager, Listener                  not here: they are not pipes
//
// # How a child is made
//
//	          down: what to run, then tasks; its EOF ends the child
//	parent  ---------------------------------------------------------->  child
//	        <----------------------------------------------------------
//	          up: results, failures
//	        <----------------------------------------------------------
//	          crash: what the Go runtime prints when it crashes
//
// A child is this program, started again, with the arguments that the program
// was started with, and with the parent's environment, standard output and
// standard error. Its standard input is empty. Three pipes connect it to its
// parent, and two more for each end of a [Pipe] and each [Queue] in its
// argument. Two children of one process share nothing but a pipe that was passed
// to both. A queue is in the process that made it, and every other process has
// its own pipes to that one. So there is no lock for a dead process to hold, and
// no stream for two processes to damage.
//
// A child reads the pipe from its parent all the time. When that pipe ends,
// because the parent has ended in whatever way, the child ends, and so do its
// own children.
//
// # Promises
//
// You can kill any process, at any time. "A process ends" means that it returns,
// panics, calls os.Exit or is killed, at any moment of its life.
//
//	G1   When a process ends, all its descendants end within a second. (A
//	     suspended one ends when it is resumed. A child that has not come to the
//	     init functions of mp may need longer. On Windows, a child that was
//	     just being created may stay, and never runs a line.)
//	G2   When a worker ends, its pool loses the task that the worker was at, and
//	     no other. The error says which task, in which worker, and why. If no
//	     new worker can be started, the others go on; calls fail only when no
//	     worker is left.
//	G3   When a process ends, its queues go on for all others. An item is put as
//	     a whole or not at all, and an item that no Get has returned is still in
//	     the queue.
//	G4   When the consumer of a JoinableQueue ends, its unfinished items go to
//	     other consumers, and Join returns.
//	G5   No call waits forever for a process that has ended: it returns io.EOF,
//	     io.ErrUnexpectedEOF, or an error that names the process. (At an open
//	     queue Get waits, and at a full one Put, because another process may
//	     come. So Close the queue when its producers have ended.) A call with a
//	     context returns when that ends, also while the other side is suspended.
//	G6   When the Go runtime crashes, what it printed is in the error. (Unless
//	     the program has called debug.SetCrashOutput itself: a process has only
//	     one crash output.)
//	G7   A value that cannot be encoded or decoded is an error in its own place:
//	     of the call that sends it, or of the call that receives it. The values
//	     before and after it arrive. A value that would lose something without a
//	     word is also refused: a function, a channel, a queue in an unexported
//	     field, fields beside an embedded type that encodes itself.
//	G8   Garbage on a pipe is an error, and not a hang or a large allocation.
//	G9   After any number of all this, no process, zombie, goroutine or file is
//	     left over.
//	G10  What a child prints or reads disturbs nothing.
//	G11  Join before the items of a process have been taken does not deadlock.
//	G12  A task that is over its timeout is ended, even in an endless loop. The
//	     other tasks do not notice.
//
// A child is always the same program as its parent, to the byte. On Linux this
// holds even if the program's file was replaced or removed; elsewhere Start then
// returns an error. Whatever main has done to its arguments, streams, signals or
// directory, a child starts, hears Terminate, and goes on ignoring a Ctrl-C that
// was ignored from the start. And a process that ends before its function was
// called, with whatever exit code, is an error of its Join.
//
// Not promised:
//
//   - Programs that a task starts with os/exec go on when the task's process
//     ends.
//   - A main that is process 1 of a container does not wait for orphans. If
//     another part of the program waits for all children, or ignores SIGCHLD,
//     exit codes may be unknown; Join says so.
//   - If a child starts this program again before mp.Main, that is refused, but
//     only if the environment still has the variable that marks a child.
//   - On Windows, Put waits while the pipe to a suspended owner is full, whatever
//     its context.
package mp
