package main

import (
	"time"

	"processbook/mp"
)

// Exercise 7: write watchdog. It runs a job in a Process, for a limited time.
//
//   - watchdog starts a Process that runs job. The job's argument is one end of
//     a pipe.
//   - If the process ends within limit, watchdog returns "ended".
//   - If not, watchdog asks: it sends "please stop" through the pipe. If the
//     process then ends within grace, watchdog returns "asked".
//   - If not, it calls Terminate. If the process then ends within grace,
//     watchdog returns "terminated".
//   - If not, it calls Kill, and returns "killed".
//   - It always returns the error of Join, after the process has ended.
//   - A process that ends with an error has also ended.
//   - It never waits longer than it has to.
//
// What helps:
//
//   - mp.Pipe[string, mp.None]() makes a pipe. The first end sends, and the
//     second end is for the job: mp.NewProcess(job, second).
//   - Join with a ctx from context.WithTimeout. If the process is still alive
//     after that time, Join returns context.DeadlineExceeded.
//   - Start, Send, Terminate and Kill. "go doc mp.Process.Start" tells what
//     happens when Start's ctx ends, and "go doc mp.Process.Kill" explains Kill.
//
// If the compiler says "redeclared", the lesson has that name: choose another
// one.
//
// Begin: delete the line with panic, and write. Then check yourself:
//
//	go test ./lessons/07-terminate -run Exercise -v
func watchdog(
	job mp.Function[*mp.Conn[mp.None, string], mp.None],
	limit, grace time.Duration,
) (how string, err error) {
	panic("not begun")
}
