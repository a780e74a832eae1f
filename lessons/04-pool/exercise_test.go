package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

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
	{Name: "forty words", Try: exerciseForty},
	{Name: "few words", Try: exerciseFew},
	{Name: "the same word twice", Try: exerciseTwice},
	{Name: "all at the same time", Try: exerciseMeet},
	{Name: "the first word is done last", Try: exerciseLast},
	{Name: "a word that fails", Try: exerciseFails},
	{Name: "a process that ends too early", Try: exerciseEnds},
	{Name: "a process is killed", Try: exerciseKilled},
}

const lookForEOF = "A process that takes words from a queue waits for the next one until the queue is closed: call Close when all words are put. " +
	"And a process that has ended sends nothing more. So do not wait for a certain number of results. First join the processes, and then take the results that are there."

func exerciseWords(n int, format string) (words []string) {
	for i := range n {
		words = append(words, fmt.Sprintf(format, i))
	}
	return words
}

// exerciseCall calls translateAll, and says so.
func exerciseCall(t *exercise.Trial, workers int, words []string, look string) ([]string, error) {
	t.Did("translateAll(ctx, %d, %s)", workers, exerciseShort(words))
	var got []string
	var err error
	t.Call(look, func() { got, err = translateAll(context.Background(), workers, words) })
	return got, err
}

func exerciseShort(words []string) string {
	if len(words) > 6 {
		return fmt.Sprintf("[%q, %q, and so on: %d words]", words[0], words[1], len(words))
	}
	return fmt.Sprintf("%q", words)
}

// exerciseRight wants the translations of all words, in their order.
func exerciseRight(t *exercise.Trial, words, got []string, err error) {
	if err != nil {
		t.Fail(fmt.Sprintf("It returned the error (%v). No word was difficult.", err), "The words of the error say which call failed. Which process made this call, and when?")
	}
	if len(got) != len(words) {
		t.Fail(fmt.Sprintf("It returned %d translations of %d words.", len(got), len(words)), "Each word has a translation, at the same place. Make the slice for the results as long as the slice of the words.")
	}
	for i, word := range words {
		want := strings.ToUpper(word)
		switch {
		case got[i] == want:
		case got[i] == "":
			t.Fail(fmt.Sprintf("The translation of %q (place %d) is missing, and the error is nil.", word, i),
				"Which process had this word, and where did its result go? If two words are equal, each has a place of its own. If a result does not come, return an error.")
		case slices.Contains(words, strings.ToLower(got[i])):
			t.Fail(fmt.Sprintf("At place %d it returned %q, want %q, the translation of %q. The translation is right, but its place is wrong.", i, got[i], want, word),
				"Results come in the order in which the processes finish. How does a result know its place? Send the place with the word, and then with its result, in a field whose name begins with a capital: other fields are not sent.")
		default:
			t.Fail(fmt.Sprintf("At place %d it returned %q, want %q.", i, got[i], want), "Follow this word through the queues: which variable is it in, and in which process?")
		}
	}
}

// exerciseOnce wants each word to be translated once, by few processes.
func exerciseOnce(t *exercise.Trial, workers int, words []string) {
	calls, processes := make(map[string]int), make(map[int]bool)
	for _, n := range exercise.Notes("began ") {
		calls[strings.TrimPrefix(n.Text, "began ")]++
		processes[n.PID] = true
		if n.PID == os.Getpid() {
			t.Fail("Translate was called in the process that had called translateAll. Other processes have to call it.",
				"Call exercise.Translate in the function that you give to mp.Proc, and only there. A goroutine is not another process.")
		}
	}
	for _, word := range words {
		want := 0
		for _, other := range words {
			if other == word {
				want++
			}
		}
		if calls[word] != want {
			t.Fail(fmt.Sprintf("Translate was called %d times for %q, want %d.", calls[word], word, want),
				"Each item of a queue goes to only one process. A slice in the argument of each process goes to all of them.")
		}
	}
	if len(processes) > workers {
		t.Fail(fmt.Sprintf("%d processes were at work, want at most %d.", len(processes), workers), "Start as many processes as workers says. Each translates one word after another, until no word is left.")
	}
}

func exerciseForty(t *exercise.Trial) {
	words := exerciseWords(40, "word%d")
	got, err := exerciseCall(t, 3, words, lookForEOF)
	exerciseRight(t, words, got, err)
	exerciseOnce(t, 3, words)
}

func exerciseFew(t *exercise.Trial) {
	for n := range 3 {
		words := exerciseWords(n, fmt.Sprintf("few%d-%%d", n))
		for _, workers := range []int{1, 4} {
			got, err := exerciseCall(t, workers, words, "There are fewer words than processes, or none. "+lookForEOF)
			exerciseRight(t, words, got, err)
		}
	}
}

func exerciseTwice(t *exercise.Trial) {
	words := []string{"ping", "pong", "ping", "ping"}
	got, err := exerciseCall(t, 2, words, "Some words are equal. "+lookForEOF)
	exerciseRight(t, words, got, err)
	exerciseOnce(t, 2, words)
}

// Each of these words waits for all others, so each needs a process.
func exerciseMeet(t *exercise.Trial) {
	for _, n := range []int{2, 20} {
		words := exerciseWords(n, fmt.Sprintf("meet %d %%d", n))
		got, err := exerciseCall(t, n, words, lookForEOF)
		if err != nil {
			t.Fail(fmt.Sprintf("It returned the error (%v). Each of these %d words waits until all %[2]d are at work at the same time, and workers is %[2]d.", err, n),
				"Start all processes before you Join one of them, and give the words to all of them. Do you start as many as workers says? Does a process end because the queue is empty at that moment?")
		}
		exerciseRight(t, words, got, err)
	}
}

// Each of these words waits for all that come after it.
func exerciseLast(t *exercise.Trial) {
	words := exerciseWords(8, "wait %d")
	slices.Reverse(words)
	got, err := exerciseCall(t, len(words), words, lookForEOF)
	if err != nil {
		t.Fail(fmt.Sprintf("It returned the error (%v). The first word is done only after all others, and there is a process for each word.", err), "Start all processes before you Join one of them.")
	}
	exerciseRight(t, words, got, err)
}

func exerciseFails(t *exercise.Trial) {
	const failure = "nobody knows this"
	for _, workers := range []int{1, 3} {
		words := []string{"one", "two", "fail", "three", "four", "five"}
		got, err := exerciseCall(t, workers, words, "One word fails. "+lookForEOF)
		if err == nil {
			t.Fail(fmt.Sprintf("It returned %q and no error. Translate returned the error %q for one of the words.", got, failure),
				"If the process's function returns the error, Join's error has its text. Or send the error with the results. Do not just go on to the next word.")
		}
		if !strings.Contains(err.Error(), failure) {
			t.Fail(fmt.Sprintf("It returned the error (%v). The text of Translate's error is not in it: %q.", err, failure),
				"An error of your own does not say why the word failed. If the process's function returns Translate's error, "+
					"Join's error has its text: look at the error of each Join, and keep it. Or send the text of the error with the results.")
		}
	}
}

func exerciseEnds(t *exercise.Trial) {
	for _, workers := range []int{1, 3} {
		for _, code := range []int{3, 0} {
			words := []string{"one", fmt.Sprint("exit ", code), "two", "three"}
			got, err := exerciseCall(t, workers, words, fmt.Sprintf("At one word, a process ends by os.Exit(%d). Its result never comes. ", code)+lookForEOF)
			if err == nil {
				t.Fail(fmt.Sprintf("It returned %q and no error. At one word, a process ended by os.Exit(%d), so there is no translation.", got, code),
					"Join tells how a process ended: look at its error. After exit code 0, Join returns nil, so also count the results: are there as many as words?")
			}
		}
	}
}

// The kill comes at another moment each time.
func exerciseKilled(t *exercise.Trial) {
	words := exerciseWords(60, "word%d")
	for i := range 20 {
		moment := time.Duration(i) * time.Millisecond / 2
		stop := exercise.KillFirst(moment)
		got, err := exerciseCall(t, 3, words, fmt.Sprintf("One of 3 processes was killed, %v after its start. ", moment)+lookForEOF)
		stop()
		if err == nil {
			exerciseRight(t, words, got, err) // it was killed after its last word, or an other one has done it
		}
	}
}
