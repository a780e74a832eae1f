package main

// The experiments of the quiz, and of the lesson's last table. You need not read
// this file to understand main.go. Every step waits for a message, so a slow machine
// cannot change the order.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	"processbook/lessons"
	"processbook/mp"
)

var experiments = lessons.Facts{
	"5a": seenByMain,
	"5b": namesAndPIDs,
	"5c": parentsOfTwoGenerations,
	"5d": namesAndPIDsOfTwins,
	"5e": nameAfterRenaming,
}

// An Identity is what a process can find out about itself.
type Identity struct {
	Name        string // from its parent, which is in this program
	PID, Parent int    // from the system
}

func identify() Identity { return Identity{mp.Current().Name, os.Getpid(), os.Getppid()} }

// A Line goes from a child to main.
type Line = *mp.Conn[Identity, string]

// child sends its Identity, and starts its own child if it has a line for it. If
// main sends a name, the child takes it, and sends its Identity again. It ends when
// main closes the line: a PID is free again when its process ends.
var child mp.Function[[]Line, mp.None]

func init() { // not in the declaration, because child mentions itself
	child = mp.Proc("child", func(toMain []Line) (err error) {
		if len(toMain) > 1 {
			err = mp.NewProcess(child, toMain[1:]).Start(context.Background())
		}
		for {
			toMain[0].Send(identify())
			name, closed := toMain[0].Recv()
			if closed != nil {
				return err
			}
			mp.Current().Name = name
		}
	})
}

// A Member is a child of main, or a child of that.
type Member struct {
	Identity
	line *mp.Conn[string, Identity] // when main closes it, the member ends
}

// meet starts a child of main, with this name if there is one, and so many
// generations below it, and receives their Identities.
func meet(ctx context.Context, name string, below int) (eldest *mp.Process, all []Member, err error) {
	var theirs []Line
	for range below + 1 {
		line, toMain := mp.Pipe[string, Identity]()
		all, theirs = append(all, Member{line: line}), append(theirs, toMain)
	}
	eldest = mp.NewProcess(child, theirs)
	eldest.Name = cmp.Or(name, eldest.Name)
	err = eldest.Start(ctx)
	for i := 0; i < len(all) && err == nil; i++ {
		all[i].Identity, err = lessons.Recv(all[i].line)
	}
	return eldest, all, err
}

// 5a measures what main sees of a child, of a child of that, and of a child that
// has ended: A, B, C are those in mp.Children, and D, E, F those that the system
// has. Many expect that Children knows all descendants, or the ended child.
func seenByMain(ctx context.Context) (string, error) {
	_, all, err := meet(ctx, "", 1)
	if err != nil {
		return "", err
	}
	gone, ended, err := meet(ctx, "", 0)
	if err != nil {
		return "", err
	}
	ended[0].line.Close()
	if err := lessons.Join(ctx, gone); err != nil {
		return "", err
	}
	for begin := time.Now(); exists(ended[0].PID) && time.Since(begin) < lessons.Limit; { // Windows keeps it for a moment
		time.Sleep(time.Millisecond) // it orders nothing
	}
	var listed, there []bool
	for _, m := range append(all, ended...) {
		isMember := func(p *mp.Process) bool { return p.PID() == m.PID }
		listed = append(listed, slices.ContainsFunc(mp.Children(), isMember))
		there = append(there, exists(m.PID))
	}
	return lessons.Letters(append(listed, there...)...), nil
}

// exists asks the system for a process. Signal 0 does nothing to it.
func exists(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	defer p.Release() // Windows would keep it
	return p.Signal(syscall.Signal(0)) != os.ErrProcessDone
}

// 5b counts the names and the PIDs of main, a goroutine of main, and two children
// (in form 2, three), which are all there. Many expect that a goroutine has its
// own, or that "current" means the process that was started last.
func namesAndPIDs(ctx context.Context) (string, error) {
	all, err := children(ctx, []string{"Worker 1", "Worker 2", "Worker 3"}[:lessons.Form(2, 3)]...)
	elsewhere := make(chan Identity)
	go func() { elsewhere <- identify() }()
	return different(append(all, identify(), <-elsewhere)), err
}

// children starts children of main with these names.
func children(ctx context.Context, names ...string) (all []Identity, err error) {
	for _, name := range names {
		_, one, failed := meet(ctx, name, 0)
		all, err = append(all, one[0].Identity), errors.Join(err, failed)
	}
	return all, err
}

// different counts the names and the PIDs.
func different(all []Identity) string {
	names, pids := make(map[string]bool), make(map[int]bool)
	for _, id := range all {
		names[id.Name], pids[id.PID] = true, true
	}
	return fmt.Sprint(len(names), len(pids))
}

// 5c measures whose ID os.Getppid gives in a child of main, and in a child of
// that child. Many expect the go command in the first, or main in the second.
func parentsOfTwoGenerations(ctx context.Context) (string, error) {
	_, all, err := meet(ctx, "", 1)
	main, one, two := identify(), all[0], all[1]
	owner := map[int]string{main.Parent: "the go command", main.PID: "main", one.PID: "Child", two.PID: "Grandchild"}
	return owner[one.Parent] + ", " + owner[two.Parent], err
}

// 5d counts the names and the PIDs of processes that were all named Twin. Many
// expect an error, or that the second name is altered.
func namesAndPIDsOfTwins(ctx context.Context) (string, error) {
	twins, err := children(ctx, slices.Repeat([]string{"Twin"}, lessons.Form(2, 3))...)
	return different(twins), err
}

// 5e measures the name of a process that has renamed itself, in that process and in
// its parent. Many expect the same name: that mp.Current() in the child and p in
// main are one object.
func nameAfterRenaming(ctx context.Context) (string, error) {
	p, all, err := meet(ctx, "Old", 0)
	if err != nil {
		return "", err
	}
	all[0].line.Send("New")
	now, err := lessons.Recv(all[0].line)
	return now.Name + ", " + p.Name, err
}
