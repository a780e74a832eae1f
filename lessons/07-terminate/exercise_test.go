package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"processbook/lessons/exercise"
	"processbook/mp"
)

// TestExercise tests what you write in exercise.go.
func TestExercise(t *testing.T) {
	exercise.SkipUntilBegun(t)
	for _, c := range exerciseCases() {
		if !t.Run(c.Name, func(t *testing.T) { c.Check(t) }) {
			break // one thing at a time
		}
	}
}

func exerciseCases() []exercise.Case {
	handles, ignores := "it handles SIGTERM", "it ignores SIGTERM"
	if runtime.GOOS == "windows" { // where mp's Terminate is Kill
		handles = "it would handle SIGTERM, but Windows has no signals, so Terminate ends it"
		ignores = "it would ignore SIGTERM, but Windows has no signals, so Terminate ends it"
	}
	return []exercise.Case{
		{Name: "it ends", Try: exerciseEnds},
		{Name: "it fails", Try: exerciseFails},
		{Name: "it is left alone until the limit", Try: exerciseWorks},
		{Name: "somebody else kills it", Try: exerciseMurder},
		{Name: "it stops when it is asked", Try: exerciseAsked},
		{Name: "it is asked, and fails", Try: exerciseRefuses},
		{Name: "it hangs", Try: exerciseHangs},
		{Name: "it closes its end, and hangs", Try: exerciseCloses},
		{Name: handles, Try: exerciseHandles},
		{Name: ignores, Try: exerciseIgnores},
	}
}

// What the test gives to watchdog.
type exerciseJob = mp.Function[*mp.Conn[mp.None, string], mp.None]

var exerciseShort = mp.Proc("exerciseShort", func(*mp.Conn[mp.None, string]) error { return nil })

var exerciseBroken = mp.Proc("exerciseBroken", func(*mp.Conn[mp.None, string]) error {
	return errors.New("no paper in the printer")
})

var exerciseLong = mp.Proc("exerciseLong", func(c *mp.Conn[mp.None, string]) error {
	exercise.Note("ready")
	exercise.Await(1, "go on")
	if message, _ := c.Poll(0); message {
		exercise.Note("disturbed")
	}
	return nil
})

var exerciseObeys = mp.Proc("exerciseObeys", func(c *mp.Conn[mp.None, string]) error {
	exerciseReceive(c)
	time.Sleep(200 * time.Millisecond) // it is the work of tidying up
	exercise.Note("has tidied up")
	return nil
})

var exerciseRefusing = mp.Proc("exerciseRefusing", func(c *mp.Conn[mp.None, string]) error {
	exerciseReceive(c)
	return errors.New("no paper in the printer")
})

var exerciseClosing = mp.Proc("exerciseClosing", func(c *mp.Conn[mp.None, string]) error {
	message, _ := c.Poll(0)
	c.Close()
	if !message {
		exercise.Note("closed before the message")
	}
	select {}
})

var exerciseDeaf = mp.Proc("exerciseDeaf", func(*mp.Conn[mp.None, string]) error {
	exercise.Note("ready")
	select {}
})

var exerciseHandler = mp.Proc("exerciseHandler", func(*mp.Conn[mp.None, string]) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	exercise.Note("ready")
	<-signals
	exercise.Note("SIGTERM")
	os.Exit(3)
	return nil
})

var exerciseStubborn = mp.Proc("exerciseStubborn", func(c *mp.Conn[mp.None, string]) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	exercise.Note("ready")
	go exerciseReceive(c)
	for range signals {
		exercise.Note("SIGTERM")
	}
	return nil
})

func exerciseReceive(c *mp.Conn[mp.None, string]) {
	words, err := c.Recv()
	if err != nil {
		exercise.Note("received %v", err)
	} else {
		exercise.Note("received %q", words)
	}
}

// exerciseWatch calls watchdog, and says so.
func exerciseWatch(t *exercise.Trial, what string, job exerciseJob, limit, grace time.Duration, look string) (how string, err error) {
	t.Did("watchdog(job, %v, %v). The job %s.", limit, grace, what)
	t.Call(look, func() { how, err = watchdog(job, limit, grace) })
	return how, err
}

const lookAtSleep = "The job has ended long ago. Join with a ctx from context.WithTimeout returns at once when the process ends; time.Sleep does not."

func exerciseEnds(t *exercise.Trial) {
	how, err := exerciseWatch(t, "returns at once", exerciseShort, time.Hour, time.Hour, lookAtSleep)
	exerciseWant(t, how, err, "ended", "The job ended by itself. Does your code look at what the first Join returns?")
}

func exerciseFails(t *exercise.Trial) {
	exerciseError(t, "returns an error", exerciseBroken, time.Hour, "ended")
}

func exerciseRefuses(t *exercise.Trial) {
	exerciseError(t, "waits for a message, and then returns an error", exerciseRefusing, 50*time.Millisecond, "asked")
}

// exerciseError wants watchdog to return this, and the job's error.
func exerciseError(t *exercise.Trial, what string, job exerciseJob, limit time.Duration, want string) {
	how, err := exerciseWatch(t, what, job, limit, time.Hour, lookAtSleep)
	if how != want {
		t.Fail(fmt.Sprintf("It returned %q, want %q.", how, want),
			"Join's error has two meanings: context.DeadlineExceeded says that the process is still alive. Each other error says that it has ended badly. errors.Is tells them apart.")
	}
	if err == nil {
		t.Fail("It returned no error. The job returned the error \"no paper in the printer\".", "What did Join return? watchdog has to pass it on.")
	}
	if !strings.Contains(err.Error(), "no paper") {
		t.Fail(fmt.Sprintf("It returned an error (%v), but not the job's error, \"no paper in the printer\".", err), "What did Join return? watchdog has to pass it on.")
	}
}

func exerciseWorks(t *exercise.Trial) {
	go func() {
		exercise.Await(1, "ready")
		time.Sleep(300 * time.Millisecond) // it orders nothing: a watchdog that is too early acts in this time
		exercise.Note("go on")
	}()
	how, err := exerciseWatch(t, "works for a moment, and then looks into its pipe", exerciseLong, time.Hour, time.Hour, lookAtSleep)
	const look = "Until limit is over, watchdog only waits: it sends nothing and ends nothing."
	if len(exercise.Notes("disturbed")) > 0 {
		t.Fail("The job has found a message in its pipe, long before limit was over.", look)
	}
	exerciseWant(t, how, err, "ended", look)
}

// exerciseWant wants watchdog to return this, and no error.
func exerciseWant(t *exercise.Trial, how string, err error, want, look string) {
	if err != nil {
		t.Fail(fmt.Sprintf("It returned %q and an error (%v), want %q and no error.", how, err, want), look)
	}
	if how != want {
		t.Fail(fmt.Sprintf("It returned %q, want %q.", how, want), look)
	}
}

func exerciseMurder(t *exercise.Trial) {
	go func() {
		exercise.Await(1, "ready")
		for _, c := range mp.Children() {
			c.Kill()
		}
	}()
	how, err := exerciseWatch(t, "hangs, and the test kills it before the limit", exerciseDeaf, time.Hour, time.Hour, lookAtSleep)
	if how != "ended" {
		t.Fail(fmt.Sprintf("It returned %q, want \"ended\": watchdog had done nothing yet.", how),
			"how is what watchdog has done, not the exit code. And each error of Join says that the process has ended, except context.DeadlineExceeded.")
	}
	if err == nil {
		t.Fail("It returned no error. The process was killed.", "What did Join return? watchdog has to pass it on.")
	}
}

const lookAtGrace = "After the message, the job has as much time as grace says. Join with a timeout, and terminate only if that time is over."

func exerciseAsked(t *exercise.Trial) {
	how, err := exerciseWatch(t, "waits for a message, cleans up for 0.2 s, and returns", exerciseObeys, 50*time.Millisecond, time.Minute,
		"The job returns soon after the message. Has watchdog called Send, at the end of the pipe that main kept? And is each wait as long as it should be: first limit, then grace?")
	if how != "terminated" && exerciseCode(err) == -15 {
		t.Fail(fmt.Sprintf("It returned %q, but the process did not end by itself: it was terminated (%v).", how, err),
			"Does Start get a ctx that ends? When that ctx ends, mp terminates the process: \"go doc mp.Process.Start\". Give the ctx of limit only to Join.")
	}
	received := exercise.Notes("received")
	if len(received) == 0 {
		t.Fail(fmt.Sprintf("It returned %q, but the job has received no message.", how),
			"Ask first: send \"please stop\" through the pipe. If you do, print the error of Send: it says what is wrong. "+lookAtGrace)
	}
	if received[0].Text != "received \"please stop\"" {
		t.Fail("The job has "+received[0].Text+" from its pipe, want \"please stop\".", "EOF says that the other end was closed. To ask, send \"please stop\".")
	}
	if len(exercise.Notes("has tidied up")) == 0 {
		t.Fail(fmt.Sprintf("It returned %q. The job had received the message, and watchdog ended it while it cleaned up.", how), lookAtGrace)
	}
	exerciseWant(t, how, err, "asked", "The job ended after the message, and before anything else was done. Which Join noticed that?")
}

// exerciseTries are the values for limit and grace: if the machine was too slow
// for the first, a process does not have the time to do what it should.
func exerciseTries() []time.Duration {
	return []time.Duration{200 * time.Millisecond, exercise.Limit() / 6}
}

func exerciseCode(err error) int {
	var exit *mp.ExitError
	if errors.As(err, &exit) {
		return exit.Code
	}
	return 0
}

const lookAtSteps = "After Terminate, call Join with a timeout. After Kill, call Join. A process can ignore SIGTERM, but not Kill, so only the last Join needs no timeout."

func exerciseHangs(t *exercise.Trial) {
	var how string
	var err error
	for _, d := range exerciseTries() {
		if how, err = exerciseWatch(t, "hangs", exerciseDeaf, d, d, lookAtSteps); exerciseCode(err) != -9 {
			break
		}
	}
	exerciseEnd(t, how, err, "terminated", -15)
}

const lookAtSend = "An error of Send does not say that the process has ended. Only Join says that. So wait for grace, and then call Terminate, as after any message."

func exerciseCloses(t *exercise.Trial) {
	var how string
	var err error
	for _, d := range exerciseTries() {
		how, err = exerciseWatch(t, "closes its end of the pipe, and hangs. So Send returns an error", exerciseClosing, d, d, lookAtSend)
		if len(exercise.Notes("closed")) > 0 && exerciseCode(err) != -9 {
			break
		}
	}
	if err != nil && exerciseCode(err) == 0 {
		t.Fail(fmt.Sprintf("It returned %q and an error (%v), but not the error of Join.", how, err), lookAtSend)
	}
	exerciseEnd(t, how, err, "terminated", -15)
}

// exerciseEnd wants a process to have ended in a certain way.
func exerciseEnd(t *exercise.Trial, how string, err error, want string, code int) {
	if err == nil {
		t.Fail(fmt.Sprintf("It returned %q and no error. The process did not end by itself.", how), "What did the last Join return? watchdog has to pass it on.")
	}
	if got := exerciseCode(err); got != code {
		t.Fail(fmt.Sprintf("It returned %q, and the process has ended with code %d (%v), want code %d.", how, got, err, code),
			"-15 is the code after Terminate, and -9 after Kill. "+lookAtOrder)
	}
	if how != want {
		t.Fail(fmt.Sprintf("It returned %q, want %q. The process has ended with code %d.", how, want, code), "how is the name of the last step that was needed. "+lookAtOrder)
	}
}

const lookAtOrder = "Terminate comes before Kill, and Kill only if the process is still alive when grace is over again."

// The process's code is its own: SIGTERM made it end, but did not end it.
func exerciseHandles(t *exercise.Trial) {
	var how string
	var err error
	for _, d := range exerciseTries() {
		how, err = exerciseWatch(t, "calls os.Exit(3) when SIGTERM comes", exerciseHandler, d, d, lookAtSteps)
		if exerciseCode(err) == 3 || runtime.GOOS == "windows" {
			break
		}
	}
	if runtime.GOOS == "windows" {
		exerciseEnd(t, how, err, "terminated", -15)
		return
	}
	if how != "terminated" {
		t.Fail(fmt.Sprintf("It returned %q, want \"terminated\". The process has ended with code %d, after Terminate.", how, exerciseCode(err)),
			"A process that handles SIGTERM chooses its exit code, so the code does not tell how. What had watchdog done when Join returned?")
	}
	exerciseEnd(t, how, err, "terminated", 3)
}

func exerciseIgnores(t *exercise.Trial) {
	var how string
	var err error
	asked, sent := 0, 0
	for _, d := range exerciseTries() {
		how, err = exerciseWatch(t, "goes on after the message and after SIGTERM", exerciseStubborn, d, d, lookAtSteps)
		asked, sent = len(exercise.Notes("received \"please")), len(exercise.Notes("SIGTERM"))
		if asked > 0 && sent > 0 || runtime.GOOS == "windows" {
			break
		}
	}
	if runtime.GOOS == "windows" {
		exerciseEnd(t, how, err, "terminated", -15)
		return
	}
	if asked == 0 || sent == 0 {
		t.Fail(fmt.Sprintf("It returned %q. The job has received %d messages and %d times SIGTERM, want 1 of each before the end.", how, asked, sent),
			"First ask, then Terminate, then Kill. After the message and after Terminate, the process has as much time as grace says. After Kill it has no time.")
	}
	exerciseEnd(t, how, err, "killed", -9)
}
