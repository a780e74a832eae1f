// Package mp is Python's multiprocessing for Go: processes, pools, pipes and
// queues, made of os/exec and os.Pipe. You can kill any process at any time.
// The other processes do not hang. Only the work of the killed process is
// lost.
//
// Two things surprise nearly everybody. Only exported fields are sent: a
// field that begins with a lower-case letter arrives as its zero value,
// without an error. A child is the same program, started again: it does not
// see variables that run has set, or flags that run has parsed. So pass such
// values in the child's argument, or parse flags before [Main].
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
// Two consumers take items from one queue, and put results into another:
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
// Declare what other processes can run at package level, with [Func] or
// [Proc], because only its name can be sent to another process. [Main] is the
// only call in main. In the program that you start, it calls run. In a child,
// it calls the child's function. [Init] does the same in a TestMain.
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
//	initializer, initargs              sync.OnceFunc, called in the function
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
// parent, and two more for each [Queue] in its argument. Two children of one
// process share only a [Pipe], if each has got one of its ends. A queue is in
// the process that made it, and every other process has its own pipes to that
// one. So a dead process cannot hold a lock, and two processes cannot damage
// one stream.
//
// A child reads the pipe from its parent all the time. When the parent ends,
// for any reason, the child gets EOF from that pipe. Then the child ends, and
// so do its own children.
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
//	G2   When a worker ends, its pool loses only the task that the worker was
//	     doing. The error says which task, in which worker, and why. If no new
//	     worker can be started, the other workers go on. Calls fail only when
//	     no worker is left.
//	G3   When a process ends, its queues go on for all others. An item is put as
//	     a whole or not at all, and an item that no Get has returned is still in
//	     the queue.
//	G4   When the consumer of a JoinableQueue ends, its unfinished items go to
//	     other consumers, and Join returns.
//	G5   No call waits forever for a process that has ended: it returns io.EOF,
//	     io.ErrUnexpectedEOF, or an error that names the process. (At an open,
//	     empty queue, Get waits, because a new producer may be started. At a
//	     full queue, Put waits, because a new consumer may be started. So Close
//	     a queue when its producers have ended.) A call with a context returns
//	     when the context ends, even while the other process is suspended.
//	G6   When the Go runtime crashes, what it printed is in the error. (Unless
//	     the program has called debug.SetCrashOutput itself: a process has only
//	     one crash output.)
//	G7   If a value cannot be encoded, the call that sends it returns an error.
//	     If it cannot be decoded, the call that receives it returns an error.
//	     The values before and after it arrive. A value is also refused if a
//	     part of it would be lost without an error: a function, a channel, a
//	     queue in an unexported field, fields beside an embedded type that
//	     encodes itself.
//	G8   Garbage on a pipe is an error, and not a hang or a large allocation.
//	G9   However often all this happens, no process, zombie, goroutine or file
//	     is left over.
//	G10  What a child prints or reads disturbs nothing.
//	G11  You can join a process before its items are taken from a queue: this
//	     does not deadlock.
//	G12  A task that takes longer than its timeout is killed, even in an endless
//	     loop. Other tasks are not disturbed.
//
// A child is always the same program as its parent, to the byte. On Linux this
// holds even if the program's file was replaced or removed; elsewhere Start then
// returns an error. Main may change its arguments, streams, signals or directory:
// a child still starts, and Terminate still ends it. If the program was started
// with Ctrl-C ignored, a child also ignores it. If a process ends before its
// function is called, Join returns an error, even if the exit code is 0.
//
// Not promised:
//
//   - Programs that a task starts with os/exec go on when the task's process
//     ends.
//   - A main that is process 1 of a container does not wait for orphans. If
//     another part of the program waits for all children, or ignores SIGCHLD,
//     exit codes may be unknown; Join says so.
//   - A child may start this program again before it comes to mp.Main. mp refuses
//     that, but only if the environment still has the variable that marks a child.
//   - On Windows, if the owner of a queue is suspended and the pipe to it is full,
//     Put also waits after its context has ended.
package mp
