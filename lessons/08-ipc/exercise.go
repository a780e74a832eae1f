package main

import "context"

// Exercise 8, the last and the longest: write countWords. It counts the words
// of many files in several processes, whatever happens to them.
//
//   - countWords starts as many Processes as consumers says. They call
//     exercise.WordsOf(file), and are at work at the same time. The process
//     that called countWords only adds up their results.
//   - It returns how often each word is in all files together.
//   - The test kills consumers, at any moment, and sometimes all of them. For
//     each consumer that is killed, start another one. In the result, each file
//     is counted once: no file is missing, and no file is there twice.
//   - If WordsOf returns an error, countWords returns an error with the same
//     text in it. It does not help to try again.
//   - When it returns, its processes have ended.
//
// What helps:
//
//   - Exercises 3 and 4.
//   - mp.NewJoinableQueue, with Put, Close, TaskDone and "for x := range
//     queue.All(ctx)". If a consumer is killed before it calls TaskDone, this
//     queue gives the item to another consumer. "go doc mp.JoinableQueue" and
//     "go doc mp.Queue" explain it.
//   - A goroutine for each consumer, which joins it and sees how it has ended.
//     sync.WaitGroup waits for goroutines.
//
// Import "processbook/mp" and "processbook/lessons/exercise". If the compiler
// says "redeclared", the lesson has that name: choose another one.
//
// Begin: delete the line with panic, and write. Then check yourself:
//
//	go test ./lessons/08-ipc -run Exercise -v
func countWords(
	ctx context.Context, consumers int, files []string,
) (map[string]int, error) {
	panic("not begun")
}
