package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"processbook/lessons"
	"processbook/mp"
)

// Each experiment plays the story of main.go once more, without printing it,
// and asks what happened. Only 6e has a story of its own.
var experiments = lessons.Facts{
	"6a": linesOfExample4,
	"6b": linesWithoutDaemon,
	"6c": linesWithJoin,
	"6d": aliveAfterLimit,
	"6e": daemonAfterMain,
	"6f": numbersInFile,
}

// lines tells which lines a story printed, as letters. What counts is what the
// stage has heard from the workers themselves.
func lines(ctx context.Context, s Script) (string, error) {
	events, _, err := play(ctx, lessons.Clock{}.Stage(nil), s)
	var letters []string
	for _, line := range []struct{ letter, who, start string }{
		{"A", "Worker 1", "starting"},
		{"B", "Worker 2", "starting"},
		{"C", "Worker 2", "exiting"},
		{"D", "Worker 1", "exiting"},
	} {
		if events.Said(line.who, line.start) {
			letters = append(letters, line.letter)
		}
	}
	return strings.Join(letters, " "), err
}

// 6a measures which lines example 4 prints. Many expect D: a daemon would
// finish in the background, as a daemon of Unix does.
func linesOfExample4(ctx context.Context) (string, error) {
	return lines(ctx, example4(true, 0))
}

// 6b measures the same without a daemon. Main joins nobody here either, so
// many expect that its last line ends everything.
func linesWithoutDaemon(ctx context.Context) (string, error) {
	return lines(ctx, example4(false, 0))
}

// 6c measures the same with a daemon that main joins. Many expect that a
// daemon cannot be waited for. It can: it is only that nobody has to.
func linesWithJoin(ctx context.Context) (string, error) {
	return lines(ctx, example4(true, lessons.NoLimit))
}

// 6d measures what main sees of Worker 1 when a join with a limit of one tick
// has returned. Many expect that the limit is the worker's, and kills it.
func aliveAfterLimit(ctx context.Context) (string, error) {
	events, _, err := play(ctx, lessons.Clock{}.Stage(nil), example4(true, 1))
	switch {
	case err != nil:
		return "", err
	case events.Said("main", gaveUp+" Worker 1; alive: true"):
		return "alive", nil
	case events.Said("main", gaveUp+" Worker 1; alive: false"), events.Said("main", hasJoined+" Worker 1; alive: false"):
		return "dead", nil
	}
	return "", errors.New("main said nothing after its join, or something that cannot be")
}

// 6e measures whether anybody answers at the other end of a pipe that only the
// daemon has, when the process that started it is gone. The word misleads: a
// daemon of Unix is made to outlive its parent.
func daemonAfterMain(ctx context.Context) (string, error) {
	ours, theirs := mp.Pipe[string, string]()
	p := mp.NewProcess(leaver, theirs)
	p.Name = "main"
	if err := p.Start(ctx); err != nil {
		return "", err
	}
	if err := lessons.Join(ctx, p); err != nil {
		return "", err
	}
	first, err := lessons.Recv(ours) // said before main left, and kept in the pipe
	if err != nil {
		return "", fmt.Errorf("the daemon never ran: %w", err)
	}
	ours.Send(first) // whether anybody is there to hear it is the question
	switch _, err := lessons.Recv(ours); err {
	case nil:
		return "runs on", nil
	case io.EOF: // the system closed the other end, and does that at the end of a process
		return "is gone", nil
	default:
		return "", err
	}
}

// leaver is main in 6e: it starts a daemon and leaves, but not before the daemon
// runs, for one that was stopped while it was starting would prove little.
var leaver = mp.Proc("leaver", func(theirs *mp.Conn[string, string]) error {
	mine, started := mp.Pipe[mp.None, mp.None]()
	// Both ends move on, so this process does not keep the line open when the
	// daemon is gone: its end will be the daemon's end.
	p := mp.NewProcess(echo, Voice{started, theirs})
	p.Daemon = true
	if err := p.Start(context.Background()); err != nil {
		return err
	}
	_, err := lessons.Recv(mine)
	return err
})

// A Voice is what echo must know.
type Voice struct {
	Started *mp.Conn[mp.None, mp.None] // to leaver
	Line    *mp.Conn[string, string]   // to the experiment, past leaver
}

// echo says that it is there, and then says back what it hears. It would never
// end by itself.
var echo = mp.Proc("echo", func(v Voice) error {
	v.Line.Send("here")
	v.Started.Send(mp.None{})
	for {
		word, err := v.Line.Recv()
		if err != nil {
			return nil // nobody is left to answer
		}
		v.Line.Send(word)
	}
})

// 6f counts the numbers in the file of a daemon that would write ten. Main is
// at its last line when three ticks are over, and Worker 2 works until six are.
// Many expect 10, and many who know better 6: that a daemon runs as long as
// anybody does.
func numbersInFile(ctx context.Context) (string, error) {
	// The numbers that are there are whole: a worker is stopped between two of
	// its steps here, because the clock lets main go when all have done theirs.
	s := Script{One: Errand{Ticks: 10, Daemon: true}, Two: Errand{Ticks: 3}, Pause: 3}
	_, numbers, err := play(ctx, lessons.Clock{}.Stage(nil), s)
	return fmt.Sprint(numbers), err
}
