package main

import "context"

// Exercise 8, the last and the longest: write countWords. It counts the words of
// many files in several processes, whatever happens to them.
//
//   - countWords starts so many consumers as it is told, each in a Process of its
//     own. They call exercise.WordsOf(file), and are at work at the same time.
//     The process that called countWords only collects.
//   - It returns how often each word is in all files together.
//   - The test kills consumers at any moment, also all at the same time. For each
//     that is killed, start another one. In the result, each file is counted
//     once: no file is missing, and no file is there twice.
//   - If WordsOf returns an error, countWords returns an error with the same
//     words in it. To try again does not help.
//   - When it returns, its processes have ended.
//
// Helpful: exercises 3 and 4; mp.NewJoinableQueue (it gives the item of a
// consumer that was killed to another one) with Put, Close, TaskDone and "for x
// := range queue.All(ctx)"; mp.NewQueue; mp.NewProcess, Start, Join; a goroutine
// for each consumer, and sync.WaitGroup. "go doc mp.JoinableQueue" explains one
// of them.
// Import "processbook/mp" and "processbook/lessons/exercise". Names that main.go
// has are taken.
//
// Begin: delete the line with panic, and write. Then check yourself:
//
//	go test ./lessons/08-ipc -run Exercise -v
func countWords(
	ctx context.Context, consumers int, files []string,
) (map[string]int, error) {
	panic("not begun")
}
