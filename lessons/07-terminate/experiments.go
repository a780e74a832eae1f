package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"processbook/lessons"
)

// Each experiment brings a worker into the situation that it is about, ends
// it, and looks at what it has said, or at what it leaves to others. How it
// gets there is in team.go. The story of main.go is all of them at once.
var experiments = lessons.Facts{
	"7a": linesOfTerminated,
	"7b": kidAfterParent,
	"7c": tokensAfterHolder,
	"7d": messageAfterWriter,
	"7e": resultsAfterLoner,
	"7f": askedThenTerminated,
	"7g": codeOfTerminated,
}

// 7a measures what is printed: A by the process before it hangs, B by its
// deferred function, C by main after Join. Many expect B, because what is
// deferred runs even after a panic.
func linesOfTerminated(ctx context.Context) (string, error) {
	loner, err := hire(ctx, "Loner", worker, Hands{})
	if err != nil {
		return "", err
	}
	if err := stop(ctx, loner); err != nil {
		return "", err
	}
	said, err := loner.hearAll()
	_, ended := loner.ExitCode()
	return letters(slices.Contains(said, "ready"), slices.Contains(said, "cleanup"), ended), err
}

// 7b measures whether a child of the terminated process is still there to
// answer. Many expect it: nobody has terminated the child, and in Python it
// does go on.
func kidAfterParent(ctx context.Context) (string, error) {
	parent, kid, err := hireParent(ctx)
	if err != nil {
		return "", err
	}
	if err := stop(ctx, parent); err != nil {
		return "", err
	}
	return fate(kid)
}

// 7c counts the processes that get the lock, one after the other, when its
// holder has been terminated. Many expect all three: that the system takes back
// what a process had. It takes back what it knows of, files and memory.
func tokensAfterHolder(ctx context.Context) (string, error) {
	holder, lock, err := hireHolder(ctx, false)
	if err != nil {
		return "", err
	}
	others, err := hireOthers(ctx, 3, lock)
	if err != nil {
		return "", err
	}
	if err := stop(ctx, holder); err != nil {
		return "", err
	}
	done, err := goOn(ctx, others)
	if err == nil {
		err = replaceToken(ctx, lock, others[done:])
	}
	return fmt.Sprint(done), err
}

// 7d measures what a reader gets whose writer was terminated in the middle of
// a message. Many expect all or nothing. But a pipe carries bytes, and where a
// message ends is known only to those who talk through it.
func messageAfterWriter(ctx context.Context) (string, error) {
	writer, pipe, err := hireWriter(ctx)
	if err != nil {
		return "", err
	}
	if err := stop(ctx, writer); err != nil {
		return "", err
	}
	return received(pipe)
}

// 7e counts the results of three processes that share nothing with a fourth,
// which is terminated while they run. Many expect fewer than three, since
// Terminate is said to be dangerous.
func resultsAfterLoner(ctx context.Context) (string, error) {
	loner, err := hire(ctx, "Loner", worker, Hands{})
	if err != nil {
		return "", err
	}
	others, err := hireOthers(ctx, 3, nil)
	if err != nil {
		return "", err
	}
	if err := stop(ctx, loner); err != nil {
		return "", err
	}
	done, err := goOn(ctx, others)
	return fmt.Sprint(done), err
}

// 7f measures what becomes of two processes that are asked to end, and of
// which one never looks at its messages: A and B, whose deferred function runs;
// C and D, who ends by being asked; E, whether the other ends by Terminate.
// Many expect that asking is enough.
func askedThenTerminated(ctx context.Context) (string, error) {
	listener, err := hire(ctx, "Listener", worker, Hands{Listens: true})
	if err != nil {
		return "", err
	}
	loner, err := hire(ctx, "Loner", worker, Hands{})
	if err != nil {
		return "", err
	}
	if err := stop(ctx, listener, loner); err != nil {
		return "", err
	}
	one, err := listener.hearAll()
	if err != nil {
		return "", err
	}
	two, err := loner.hearAll()
	return letters(slices.Contains(one, "cleanup"), slices.Contains(two, "cleanup"),
		!listener.deaf, !loner.deaf, loner.deaf && !loner.Alive()), err
}

// 7g measures the exit code. Many expect 0, because the end was wanted, or 1,
// because it is no success. It says which signal it was.
func codeOfTerminated(ctx context.Context) (string, error) {
	loner, err := hire(ctx, "Loner", worker, Hands{})
	if err != nil {
		return "", err
	}
	err = stop(ctx, loner)
	code, _ := loner.ExitCode()
	return fmt.Sprint(code), err
}

// letters are the letters of what holds, or "none".
func letters(holds ...bool) string {
	var all []string
	for i, h := range holds {
		if h {
			all = append(all, string(rune('A'+i)))
		}
	}
	return cmp.Or(strings.Join(all, " "), "none")
}
