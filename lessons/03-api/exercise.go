package main

import "context"

// Exercise 3: write ask. It asks another process, and returns the answer.
//
//   - ask starts a Process. That process calls exercise.Oracle(question), and
//     ask returns what Oracle has returned there: an answer, or an error with
//     the same text in it.
//   - If the process ends without an answer, for any reason, ask returns an
//     error. It never waits for an answer that cannot come.
//   - If ctx ends, the process also has to end, and ask returns an error.
//   - When ask returns, its process has ended.
//
// What helps:
//
//   - mp.Proc declares, outside of any function, what a process does. What the
//     process has to know is its argument: a struct, and the name of each field
//     begins with a capital.
//   - mp.Pipe[mp.None, string]() makes a pipe. The first end receives what the
//     second end sends. (mp.NewQueue is another way.)
//   - mp.NewProcess, Start and Join. "go doc mp.Process.Join" explains one of
//     them, and "go doc ./mp" shows a program.
//
// Import "processbook/mp" and "processbook/lessons/exercise". If the compiler
// says "redeclared", the lesson has that name: choose another one.
//
// Begin: delete the line with panic, and write. Then check yourself:
//
//	go test ./lessons/03-api -run Exercise -v
func ask(ctx context.Context, question string) (string, error) {
	panic("not begun")
}
