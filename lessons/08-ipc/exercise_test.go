package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"processbook/lessons/exercise"
)

// TestExercise tests what you write in exercise.go.
func TestExercise(t *testing.T) {
	exercise.SkipUntilBegun(t)
	for _, c := range exerciseCases {
		if !t.Run(c.Name, func(t *testing.T) { c.Check(t) }) {
			break // one thing at a time
		}
	}
}

var exerciseCases = []exercise.Case{
	{Name: "no consumer is killed", Try: exerciseQuiet},
	{Name: "all consumers at the same time", Try: exerciseMeet},
	{Name: "a file that cannot be read", Try: exerciseUnreadable},
	{Name: "killed in the middle of a file", Try: exerciseStuck},
	{Name: "killed at any moment", Try: exerciseKilled},
}

const lookForEnd = "A consumer that takes files from a queue waits for the next one until the queue is closed. " +
	"With a JoinableQueue it also waits until all files are done: call TaskDone for each file. " +
	"And a killed consumer sends nothing more: start another consumer, or do not wait for a certain number of results."

// exerciseFiles makes files. Each has a word of its own, and "the" twice.
func exerciseFiles(n int, format string) (files []string, err error) {
	dir, err := os.MkdirTemp(exercise.Dir(), "files")
	for i := range n {
		file := filepath.Join(dir, fmt.Sprintf(format, i))
		files = append(files, file)
		err = errors.Join(err, os.WriteFile(file, fmt.Appendf(nil, "the only-%s\nthe", filepath.Base(file)), 0o666))
	}
	return files, err
}

// exerciseCount calls countWords, and wants the words of each file once.
func exerciseCount(t *exercise.Trial, consumers int, files []string, did, look string) {
	t.Did("countWords(ctx, %d, %d files). %s", consumers, len(files), did)
	var words map[string]int
	var err error
	t.Call(look, func() { words, err = countWords(context.Background(), consumers, files) })
	if err != nil {
		t.Fail(fmt.Sprintf("It returned the error (%v). Each file can be read.", err),
			"If it is the error of Join for a consumer that was killed: nothing is lost if another consumer takes its place. If not, which call does the error name?")
	}
	exerciseEachOnce(t, files, words)
	exerciseOthers(t)
}

// exerciseEachOnce looks for the word that only one file has.
func exerciseEachOnce(t *exercise.Trial, files []string, words map[string]int) {
	began := make(map[string]bool)
	for _, n := range exercise.Notes("began ") {
		began[strings.TrimPrefix(n.Text, "began ")] = true
	}
	var missing, untouched, twice []string
	for _, file := range files {
		name := filepath.Base(file)
		switch n := words["only-"+name]; {
		case n == 0 && !began[name]:
			untouched = append(untouched, name)
			fallthrough
		case n == 0:
			missing = append(missing, name)
		case n > 1:
			twice = append(twice, fmt.Sprintf("%s %d times", name, n))
		}
	}
	const lookAtTwice = "A consumer can be killed after it has sent the result, and before it says that the file is done. Then another consumer gets the file. " +
		"So a result can come twice. How does main know that a result is the second one of a file?"
	switch {
	case len(missing) > 0 && len(twice) > 0:
		t.Fail(fmt.Sprintf("In the result, files are missing (%s), and files are counted more than once (%s).", exerciseSome(missing, files), exerciseSome(twice, files)),
			lookAtTwice+" If you wait for as many results as there are files, the second result of one file takes the place of another file's.")
	case len(untouched) > 0:
		t.Fail(fmt.Sprintf("Missing in the result: %s. No consumer has begun to count %s.", exerciseSome(missing, files), exerciseSome(untouched, files)),
			"Do you start another consumer for each killed one, however often that happens? Which goroutine joins each consumer, and sees how it ended?")
	case len(missing) > 0:
		t.Fail("Missing in the result: "+exerciseSome(missing, files)+". A consumer had begun to count it.",
			"If a consumer is killed, the file that it was counting is lost, unless something remembers this file. "+
				"A JoinableQueue does, until the consumer calls TaskDone: at that moment, has the result been sent?")
	case len(twice) > 0:
		t.Fail("Counted more than once in the result: "+exerciseSome(twice, files)+".", lookAtTwice)
	case words["the"] != 2*len(files):
		t.Fail(fmt.Sprintf("The word \"the\" is in the result %d times, want %d: it is in each file twice.", words["the"], 2*len(files)), "For each word, add up its numbers in all files.")
	}
}

func exerciseSome(names, files []string) string {
	text := fmt.Sprintf("%d of %d files, ", len(names), len(files))
	if len(names) > 3 {
		return text + strings.Join(names[:3], ", ") + " and others"
	}
	return text + strings.Join(names, ", ")
}

func exerciseOthers(t *exercise.Trial) {
	for _, n := range exercise.Notes("began ") {
		if n.PID == os.Getpid() {
			t.Fail("The process that called countWords has called WordsOf itself, for "+strings.TrimPrefix(n.Text, "began ")+".",
				"Call exercise.WordsOf in the function that you give to mp.Proc, and only there. A goroutine is not another process.")
		}
	}
}

func exerciseQuiet(t *exercise.Trial) {
	for _, consumers := range []int{1, 2, 3, 8} {
		for _, n := range []int{20, 1, 0} {
			files, err := exerciseFiles(n, "file-%d")
			if err != nil {
				t.Fail(err.Error(), "Is there room for files?")
			}
			exerciseCount(t, consumers, files, "", lookForEnd)
		}
	}
}

// Each of these files waits for all others, so each needs a consumer.
func exerciseMeet(t *exercise.Trial) {
	for _, n := range []int{2, 8} {
		files, err := exerciseFiles(n, fmt.Sprintf("meet-%d-%%d", n))
		if err != nil {
			t.Fail(err.Error(), "Is there room for files?")
		}
		t.Did("countWords(ctx, %d, %[1]d files). Each of the files waits until all are being counted at the same time.", n)
		t.Call(lookForEnd, func() { _, err = countWords(context.Background(), n, files) })
		if err != nil {
			t.Fail(fmt.Sprintf("It returned the error (%v).", err), "Start all consumers before you wait for one of them, and as many as consumers says. Each takes one file at a time.")
		}
	}
}

func exerciseUnreadable(t *exercise.Trial) {
	files, err := exerciseFiles(12, "file-%d")
	if err == nil {
		err = os.Remove(files[5])
	}
	if err != nil {
		t.Fail(err.Error(), "Is there room for files?")
	}
	_, want := os.ReadFile(files[5]) // WordsOf gets this error, too
	const lookAtAgain = "Is a consumer started again and again for a file that can never be read? Only a consumer that was killed needs another one. " +
		"And an item without TaskDone comes back forever."
	for _, consumers := range []int{1, 3} {
		t.Did("countWords(ctx, %d, %d files), and file-5 is not there", consumers, len(files))
		go func() {
			if exercise.Await(10, "began file-5") {
				t.Fail("It has not returned, and consumers have called WordsOf for file-5 ten times.", lookAtAgain)
			}
		}()
		var words map[string]int
		t.Call(lookAtAgain+" "+lookForEnd,
			func() { words, err = countWords(context.Background(), consumers, files) })
		if err == nil {
			t.Fail(fmt.Sprintf("It returned %d words and no error. WordsOf cannot read file-5.", len(words)), "What does the consumer do with the error of WordsOf? It can send the error in the place of the words.")
		}
		if !strings.Contains(err.Error(), want.Error()) {
			t.Fail(fmt.Sprintf("It returned the error (%v). The text of WordsOf's error is not in it (%v).", err, want),
				"An error of your own does not say why the file cannot be read. Send the text of WordsOf's error, or return that error from the consumer's function: then Join's error has its text.")
		}
	}
}

// Each consumer gets a file in which it is stuck, until the test kills it. The
// file is good for the next one.
func exerciseStuck(t *exercise.Trial) {
	for _, consumers := range []int{1, 2, 8} {
		stuck, err := exerciseFiles(consumers, fmt.Sprintf("stuck-%d-%%d", consumers))
		files, err2 := exerciseFiles(12, "file-%d")
		if err = errors.Join(err, err2); err != nil {
			t.Fail(err.Error(), "Is there room for files?")
		}
		stop := exercise.KillThose("stuck")
		exerciseCount(t, consumers, append(stuck, files...),
			"The consumer that takes a stuck file hangs, until the test kills it. The next consumer can count that file.",
			"Do you start another consumer for each killed one, also if all of them were killed? Does it get the file that the killed one had? "+lookForEnd)
		stop()
	}
}

// Many small files: at any moment, some consumer is anywhere in its loop.
func exerciseKilled(t *exercise.Trial) {
	var files []string
	for i := range 1000 {
		files = append(files, fmt.Sprintf("tiny-%d", i))
	}
	for _, consumers := range []int{1, 2, 3, 8} {
		stop := exercise.KillBusy(30)
		exerciseCount(t, consumers, files, "The test kills up to 30 processes, each at another moment.",
			"Do you start another consumer for each killed one, however often that happens? "+lookForEnd)
		stop()
	}
}
