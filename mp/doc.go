// Package mp is Python's multiprocessing for Go: processes, pools, pipes and
// queues, made of os/exec and os.Pipe. You can kill any process at any time: no
// other process waits for it forever. Only the work of the killed process, and of
// its descendants, is lost.
//
// Two things surprise nearly everybody. First, only exported fields are sent: a
// lower-case field arrives as its zero value, without an error. Second, a child
// is the same program, started again, but it does not call your run function. So
// it does not see variables that you set in run, or flags that you parse in run.
// Pass such values in the child's argument, or parse flags before [Main].
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
//		ctx := context.Background() // enough: a child ends when its parent ends
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
// Use [Func] or [Proc], at package level, to declare each function that other
// processes can run: only the name of a function can be sent. Your function main
// usually calls only [Main]. In the program that you start, Main calls run. In a
// child, Main calls the child's function. In TestMain, call [Init].
//
// # Python's words
//
//	if __name__ == "__main__":         mp.Main(run), mp.Init()
//	def f(x): at module level          var f = mp.Func("f", ...)
//	Process(target=f, args=(x,))       mp.NewProcess(f, x)
//	args=(a, b), starmap               a struct with a field for each argument
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
//	imap, imap_unordered               Imap, ImapUnordered
//	close, terminate                   Close, Terminate
//	apply_async, map_async, callbacks  a goroutine
//	initializer, initargs              sync.OnceValue in the function; the argument
//	Event, Condition, Barrier          a message through a pipe or a queue
//	Lock, Semaphore                    n tokens in a queue (holder killed: token lost)
//	get_logger                         package log: it prints to standard error
//	log_to_stderr                      Watch
//	pickle                             package encoding/gob
//	Value, Array, shared_memory        not in mp: its processes share no memory
//	Manager, Listener                  not in mp: only pipes connect processes
//
// # How a child is made
//
//	          down: what to run, then tasks; at EOF, the child ends
//	parent  ---------------------------------------------------------->  child
//	        <----------------------------------------------------------
//	          up: results, failures
//	        <----------------------------------------------------------
//	          crash: what the Go runtime prints when the child crashes
//
// A child is this program, started again with the same arguments. It has the
// parent's environment, standard output and standard error. Its standard input
// is empty. Three pipes connect the child to its parent. For each [Queue] in its
// argument, it gets two more. To connect two children with each other, make a
// [Pipe], and pass one end to each child.
//
// The process that made a queue keeps the items. Its children put and get items
// through their pipes. Grandchildren do so through their parents. Only one process
// writes to each pipe, and mp has no lock that processes share. So a process that
// is killed cannot damage the messages of other processes, or block a queue.
//
// A child reads the pipe from its parent all the time. When the parent ends,
// for any reason, the child gets EOF from that pipe. Then the child ends, and
// so do its own children.
//
// # Promises
//
// You can kill any process, at any time. A process ends when it panics, calls
// os.Exit or is killed, at any moment of its life. It also ends when its function
// has returned, and its own children have ended.
//
//	G1   When a process ends, all its descendants end within a second. (A
//	     suspended process ends when it is resumed. A child that is starting, or
//	     has hundreds of busy goroutines, may need longer. On Windows, if a
//	     process ends while it starts a child, the child might stay, but it runs
//	     no code.)
//	G2   When a worker ends, its pool loses only the task (or the chunk) that
//	     the worker was doing. The error says which task, in which worker, and
//	     why. If no new worker can be started, the other workers go on. When no
//	     worker is left, all calls that wait for results return an error.
//	G3   When a process ends, the other processes can still use the queues
//	     that it used. An item is put as a whole or not at all. The item stays
//	     in the queue until a Get returns it.
//	G4   When a consumer of a JoinableQueue ends, other consumers get the items
//	     that it has not finished. Join returns when all items are finished.
//	G5   No call waits forever for a process that has ended. Instead, it returns
//	     io.EOF, io.ErrUnexpectedEOF, or an error that names the process. (If an
//	     open queue is empty, Get waits, because a new producer may be started.
//	     If it is full, Put waits, because a new consumer may be started. Join of
//	     a JoinableQueue waits for the same reason. So Close a queue when its
//	     producers have ended.) A call with a context returns when the context
//	     ends, even if the other process is suspended.
//	G6   When a process crashes, its ExitError has what the Go runtime printed,
//	     unless the program itself has called debug.SetCrashOutput.
//	G7   If a value cannot be encoded, or contains what the documentation of Func
//	     forbids, the call that should send it returns an error. If a value cannot
//	     be decoded, the call that should receive it returns an error. All other
//	     values arrive, but without their lower-case fields.
//	G8   Garbage on a pipe causes an error, never a hang or a large allocation.
//	G9   mp leaks no processes, zombies, goroutines or open files, even if
//	     processes are killed or values cannot be sent.
//	G10  A child can use its standard streams. This disturbs no pipe.
//	G11  You can join a process while items that it has put are still in a
//	     queue. This does not deadlock.
//	G12  If a task (or a chunk) takes longer than its timeout, its worker is
//	     killed, even in an endless loop. Other workers are not disturbed.
//
// A child always runs exactly the same program as its parent. On Linux this is
// true even if the program's file was replaced or removed. On other systems,
// Start returns an error in that case. The main process can start and terminate
// children even if it changes os.Args or its directory, closes its standard
// streams, or ignores signals. If a process ends before its function is called,
// Join returns an error, even if the exit code is 0.
//
// Limits:
//
//   - Programs that a task starts with os/exec go on when the task's process
//     ends.
//   - When a child dies in a container, its own children end, but they stay as
//     zombies if the main process has PID 1. docker run --init prevents this.
//   - A child must not start this program with os/exec before it calls Main. The
//     new process would do the same, and so on. mp stops this, but only if the
//     new process has the child's environment.
//   - A package whose init function starts a program must import mp. Otherwise,
//     that other program can get the pipes of a child, and then Join also waits
//     until it ends.
//   - If the process that made a queue is suspended, and the pipe to it is full,
//     a Put on Windows waits even after its context has ended.
package mp
