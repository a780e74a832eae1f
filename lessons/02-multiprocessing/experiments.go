package main

import (
	"context"
	"fmt"
	"strings"

	"processbook/lessons"
)

// Each experiment does a part of the lesson once more, without printing it:
// see pair.go, crowd.go and crash.go.
var experiments = lessons.Facts{
	"2a": tickOfLastNumber,
	"2b": moreThanCPUs,
	"2c": processIDs,
	"2d": othersThatFinish,
	"2e": exitCodes,
}

// 2a measures in which tick of the clock the last of ten numbers is counted,
// five by each of two processes. Who thinks that one runs after the other, or
// that they take turns, expects 10.
func tickOfLastNumber(ctx context.Context) (string, error) {
	events, err := play(ctx, new(lessons.Clock).Stage(nil))
	if err != nil {
		return "", err
	}
	n, last := numbers(events)
	if n != 10 {
		return "", fmt.Errorf("%d numbers were counted, not 10", n)
	}
	return fmt.Sprint(last), nil
}

// 2b measures how many of four times as many processes as there are CPUs begin
// while those that have begun compute on. Each on a CPU of its own, as one can
// read, would be one per CPU, and the others never.
func moreThanCPUs(ctx context.Context) (string, error) {
	processes := 4 * cpus
	begun, err := begin(ctx, processes)
	switch begun {
	case processes:
		return "all", err
	case cpus:
		return "one per CPU", err
	case 0:
		return "none", err
	}
	return fmt.Sprintf("%d of %d", begun, processes), err
}

// 2c measures how many process IDs four workers have, as processes and as
// goroutines. Some expect one for each goroutine, as each thread has on some
// systems a number of its own.
func processIDs(ctx context.Context) (string, error) {
	processes, routines, err := bothWays(ctx, 0)
	return fmt.Sprint(ids(processes), ids(routines)), err
}

func ids(hands []*Hand) int {
	known := make(map[int]bool)
	for _, h := range hands {
		known[h.pid] = true
	}
	return len(known)
}

// 2d measures how many of the three others finish if one of four workers
// panics. Many expect 3 both times, as in Python, where an exception ends the
// thread that it happens in and no other.
func othersThatFinish(ctx context.Context) (string, error) {
	processes, routines, err := bothWays(ctx, 3)
	alone, _ := others(3, processes)
	together, _ := others(3, routines)
	return fmt.Sprint(alone, together), err
}

// 2e measures the exit codes of the four processes, and that of the process
// with the four goroutines. Some expect that a child's crash makes the whole
// family fail, or that nobody hears of it.
func exitCodes(ctx context.Context) (string, error) {
	processes, routines, err := bothWays(ctx, 3)
	if err != nil {
		return "", err
	}
	var codes []string
	for _, h := range append(processes, routines[0]) {
		codes = append(codes, fmt.Sprint(h.code))
	}
	return strings.Join(codes, " "), nil
}
