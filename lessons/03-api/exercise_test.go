package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
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
	{Name: "an answer", Try: exerciseAnswer},
	{Name: "an answer long before the end", Try: exerciseStays},
	{Name: "an error", Try: exerciseError},
	{Name: "a panic", Try: exercisePanics},
	{Name: "no answer", Try: exerciseExits},
	{Name: "a long answer", Try: exerciseLongAnswer},
	{Name: "eight questions at the same time", Try: exerciseEight},
	{Name: "ctx ends", Try: exerciseCtx},
	{Name: "the process is killed", Try: exerciseKilled},
}

const (
	lookForEnd = "Two things can happen: an answer comes, or the process ends and no answer will ever come. " +
		"Does your code notice the second? Recv returns io.EOF when the process with the other end has ended, but Get of a queue waits forever."
	lookAtJoin = "Join tells how the process ended: its error contains the error that the process's function returned. " +
		"And if no answer came, that is an error even if Join returns nil: os.Exit(0) can end a process early."
	lookAtAnswer = "The answer can still be in the pipe when its process has ended. Does your code see the end first, and lose the answer?"
)

// exerciseAsk calls ask, and says so.
func exerciseAsk(t *exercise.Trial, question, look string) (answer string, err error) {
	t.Did("ask(ctx, %q)", question)
	t.Call(look, func() { answer, err = ask(context.Background(), question) })
	return answer, err
}

func exerciseAnswer(t *exercise.Trial) {
	for _, want := range []string{"yes", "", "no", "perhaps"} {
		answer, err := exerciseAsk(t, "say "+want, lookForEnd)
		asked := exercise.Notes("asked ")
		switch {
		case len(asked) == 1 && asked[0].Text != "asked say "+want:
			t.Fail(fmt.Sprintf("Oracle was asked %q. That is not the question.", strings.TrimPrefix(asked[0].Text, "asked ")),
				"Is the question in the argument of the process? Of a struct, only the fields whose names begin with a capital arrive.")
		case err != nil && len(asked) == 0:
			t.Fail(fmt.Sprintf("It returned the error (%v). Oracle was not called.", err),
				"Is it the error of Start? Then it tells what is wrong with the argument of the process: the name of each field has to begin with a capital. "+
					"If Recv or Get returned it, the process ended before it called Oracle.")
		case err != nil:
			t.Fail(fmt.Sprintf("It returned the error (%v). Oracle answered %q, and no error.", err, want),
				"The error says what failed. If Recv or Get returned it: does the process send its answer, in each case, and only then return? "+lookAtAnswer)
		case len(asked) != 1:
			t.Fail(fmt.Sprintf("Oracle was called %d times for this question, want once.", len(asked)), "Who calls exercise.Oracle, and when?")
		case asked[0].PID == os.Getpid():
			t.Fail("Oracle was called in the process that had called ask. Another process has to call it.",
				"Call exercise.Oracle in the function that you give to mp.Proc, and only there. A goroutine is not another process.")
		case answer != want:
			t.Fail(fmt.Sprintf("It returned %q, want %q.", answer, want), "Follow the answer on its way: which variable is it in, and in which of the two processes?")
		}
	}
}

// The process ends only after the test lets it.
func exerciseStays(t *exercise.Trial) {
	go func() {
		exercise.Await(1, "asked")
		time.Sleep(time.Second) // it orders nothing: an ask that only sleeps returns in this time, a right one whenever the process ends
		exercise.Note("may end")
	}()
	if answer, err := exerciseAsk(t, "stay yes", lookForEnd); answer != "yes" || err != nil {
		t.Fail(fmt.Sprintf("It returned %q and the error (%v). Oracle answered \"yes\", and the process lived for a second more.", answer, err), lookAtAnswer)
	}
}

func exerciseError(t *exercise.Trial) {
	const words = "the stars are not clear"
	answer, err := exerciseAsk(t, "fail", lookForEnd)
	if err == nil {
		t.Fail(fmt.Sprintf("It returned %q and no error. Oracle returned the error %q.", answer, words), lookAtJoin)
	}
	if !strings.Contains(err.Error(), words) {
		t.Fail(fmt.Sprintf("It returned the error (%v). The text of Oracle's error is not in it: %q.", err, words),
			"Main gets only what the process sends, and the error that its function returns: it is in Join's error.")
	}
}

func exercisePanics(t *exercise.Trial) { exerciseLost(t, "panic oh", "by a panic") }

func exerciseExits(t *exercise.Trial) {
	exerciseLost(t, "exit 3", "by os.Exit(3)")
	exerciseLost(t, "exit 0", "by os.Exit(0), before Oracle had answered")
}

func exerciseLost(t *exercise.Trial, question, how string) {
	answer, err := exerciseAsk(t, question, "The process has ended "+how+". "+lookForEnd)
	if err == nil {
		t.Fail(fmt.Sprintf("It returned %q and no error. Its process ended %s.", answer, how), lookAtJoin)
	}
}

// The answer does not fit into a pipe.
func exerciseLongAnswer(t *exercise.Trial) {
	const size = 4 << 20
	answer, err := exerciseAsk(t, fmt.Sprint("talk ", size),
		"Does ask wait in Join, and the process in Send? The pipe is full, and the process can end only after ask has received. First receive, then join.")
	if err != nil {
		t.Fail(fmt.Sprintf("It returned the error (%v). Oracle returned an answer of %d bytes, and no error.", err, size),
			"A long answer needs a while to go through the pipe. Does something end the process, or close an end of the pipe, before all of the answer has arrived? "+lookAtAnswer)
	}
	if len(answer) != size {
		t.Fail(fmt.Sprintf("It returned an answer of %d bytes, want %d.", len(answer), size),
			"A long answer needs a while to go through the pipe. Does the process end before all of it has arrived, or do you close an end too early?")
	}
}

func exerciseEight(t *exercise.Trial) {
	t.Did("eight goroutines call ask at the same time, five times each, always with another question")
	var wrong sync.Map
	t.Call("Do the calls use the same queue, or the same variable? Then one call can take what another call needs.", func() {
		var calls sync.WaitGroup
		for i := range 8 {
			calls.Go(func() {
				for j := range 5 {
					want := fmt.Sprintf("answer %d", 5*i+j)
					if got, err := ask(context.Background(), "say "+want); got != want || err != nil {
						wrong.Store(want, exerciseWrong{got, err})
					}
				}
			})
		}
		calls.Wait()
	})
	wrong.Range(func(want, got any) bool {
		switch got := got.(exerciseWrong); {
		case got.err != nil:
			t.Fail(fmt.Sprintf("The call that asked for %q returned the error (%v). (Other calls were right.)", want, got.err),
				lookAtAnswer)
		default:
			t.Fail(fmt.Sprintf("The call that asked for %q returned %q.", want, got.answer),
				"Each call needs a pipe or a queue of its own. Which other call could have received that answer?")
		}
		return false
	})
}

type exerciseWrong struct {
	answer string
	err    error
}

func exerciseCtx(t *exercise.Trial) {
	for range 10 {
		exerciseEndCtx(t, "hang")
	}
	exerciseEndCtx(t, "defy") // the end of Start's ctx kills it a second later
}

func exerciseEndCtx(t *exercise.Trial, question string) {
	t.Did("ask(ctx, %q). Oracle hangs, and then ctx ends.", question)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		exercise.Await(1, "hangs")
		cancel()
	}()
	var answer string
	var err error
	t.Call("If you call Start with this ctx, mp ends the process when ctx ends. context.Background() never ends. A wait without ctx ends only when the process ends.",
		func() { answer, err = ask(ctx, question) })
	if err == nil {
		t.Fail(fmt.Sprintf("It returned %q and no error.", answer), "Nothing was answered. What do Recv and Join return when the process has been ended?")
	}
}

// The kill comes at another moment each time: before the process is at work,
// while it works, while it sends, after that.
func exerciseKilled(t *exercise.Trial) {
	const size = 256 << 10
	for i := range 30 {
		moment := time.Duration(i) * time.Millisecond / 2
		t.Did("ask(ctx, \"talk %d\"), and kill its process %v after its start", size, moment)
		stop := exercise.KillFirst(moment)
		var answer string
		var err error
		t.Call(lookForEnd, func() { answer, err = ask(context.Background(), fmt.Sprint("talk ", size)) })
		stop()
		if err == nil && len(answer) != size {
			t.Fail(fmt.Sprintf("It returned %d bytes and no error. Oracle's answer has %d bytes.", len(answer), size), lookAtJoin)
		}
	}
}
