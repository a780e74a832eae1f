package main

import "context"

// Exercise 4: write translateAll, a Map of your own, without a Pool.
//
//   - translateAll starts as many Processes as workers says. They call
//     exercise.Translate, once for each word, and are at work at the same time.
//   - It returns the translations in the order of the words, not in the
//     order in which they come. A word can be there twice.
//   - If Translate returns an error, translateAll returns an error with the
//     same text in it. Then no translation is needed.
//   - If a process ends too early, so that a word is not translated,
//     translateAll returns an error. It never waits for what cannot come.
//   - When it returns, its processes have ended.
//
// What helps:
//
//   - mp.Proc declares, outside of any function, what a process does.
//   - Two queues, in the argument of each process: mp.NewQueue, Put, Close, and
//     "for x := range queue.All(ctx)". "go doc mp.Queue" explains them.
//   - mp.NewProcess, Start and Join. "go doc ./mp" shows a program.
//
// Import "processbook/mp" and "processbook/lessons/exercise". If the compiler
// says "redeclared", the lesson has that name: choose another one.
//
// Begin: delete the line with panic, and write. Then check yourself:
//
//	go test ./lessons/04-pool -run Exercise -v
func translateAll(
	ctx context.Context, workers int, words []string,
) ([]string, error) {
	panic("not begun")
}
