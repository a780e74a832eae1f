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
	"processbook/lessons"
	"processbook/mp"
	"slices"
	"strings"
	"syscall"
	"time"
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

// Kin is the argument of a relative.
type Kin struct {
	Names  []string                     // of its own children, or ""
	ToMain []*mp.Conn[Identity, string] // first its own
}

// relative starts its own children, and sends its Identity. If main sends a name, the
// relative takes it, and sends its Identity again. It ends when main closes the line: a
// PID is free again when its process ends.
var relative mp.Function[Kin, mp.None]

func init() { // not in the declaration, because relative mentions itself
	relative = mp.Proc("relative", func(k Kin) (err error) {
		for i, name := range k.Names {
			p := mp.NewProcess(relative, Kin{ToMain: k.ToMain[i+1 : i+2]})
			p.Name = cmp.Or(name, p.Name)
			err = errors.Join(err, p.Start(context.Background()))
		}
		for {
			k.ToMain[0].Send(identify())
			name, closed := k.ToMain[0].Recv()
			if closed != nil {
				return err
			}
			mp.Current().Name = name
		}
	})
}

// A Member is main, a child of main, or a child of that.
type Member struct {
	Identity
	line           *mp.Conn[string, Identity] // when main closes it, the member ends
	Listed, Exists bool                       // in mp.Children of main; in the system
}

// meet starts a child of main, which starts its own children, and receives their
// Identities. A name may be "".
func meet(ctx context.Context, name string, children ...string) (eldest *mp.Process, all []Member, err error) {
	kin := Kin{Names: children}
	for range len(children) + 1 {
		line, toMain := mp.Pipe[string, Identity]()
		all, kin.ToMain = append(all, Member{line: line}), append(kin.ToMain, toMain)
	}
	eldest = mp.NewProcess(relative, kin)
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
	all, err := family(ctx)
	child, grandchild, ended := all[2], all[3], all[5]
	return lessons.Letters(child.Listed, grandchild.Listed, ended.Listed, child.Exists, grandchild.Exists, ended.Exists), err
}

// family returns main, a goroutine of main, Child, its two children, and a child that
// has ended, with what main sees of each.
func family(ctx context.Context) ([]Member, error) {
	_, all, err := meet(ctx, "Child", "Twin", "Twin")
	gone, ended, failed := meet(ctx, "Ended")
	if err = errors.Join(err, failed); err == nil {
		ended[0].line.Close()
		err = lessons.Join(ctx, gone)
	}
	for begin := time.Now(); err == nil && exists(ended[0].PID) && time.Since(begin) < lessons.Limit; { // Windows keeps it for a moment
		time.Sleep(time.Millisecond) // it orders nothing
	}
	all = slices.Concat(mainAndGoroutine(), all, ended)
	for i, m := range all {
		all[i].Listed = slices.ContainsFunc(mp.Children(), func(p *mp.Process) bool { return p.PID() == m.PID })
		all[i].Exists = exists(m.PID)
	}
	return all, err
}

func mainAndGoroutine() []Member {
	elsewhere := make(chan Identity)
	go func() { elsewhere <- identify() }()
	return []Member{{Identity: identify()}, {Identity: <-elsewhere}}
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
	var all []Member
	for _, name := range []string{"Worker 1", "Worker 2", "Worker 3"}[:lessons.Form(2, 3)] {
		_, one, err := meet(ctx, name)
		if err != nil {
			return "", err
		}
		all = append(all, one...)
	}
	return different(append(all, mainAndGoroutine()...)), nil
}

// different counts the names and the PIDs.
func different(all []Member) string {
	names, pids := make(map[string]bool), make(map[int]bool)
	for _, m := range all {
		names[m.Name], pids[m.PID] = true, true
	}
	return fmt.Sprint(len(names), len(pids))
}

// 5c measures whose ID os.Getppid gives in a child of main, and in a child of
// that child. Many expect the go command in the first, or main in the second.
func parentsOfTwoGenerations(ctx context.Context) (string, error) {
	_, all, err := meet(ctx, "", "")
	main, one, two := identify(), all[0], all[1]
	owner := map[int]string{main.Parent: "the go command", main.PID: "main", one.PID: "Child", two.PID: "Grandchild"}
	return owner[one.Parent] + ", " + owner[two.Parent], err
}

// 5d counts the names and the PIDs of processes that were all named Twin, and takes
// the number from the next one's name, like Process-9:3. A new process makes them, so
// mp begins to count. Many expect an error, or that mp counts only those without a name.
func namesAndPIDsOfTwins(ctx context.Context) (string, error) {
	twins := lessons.Form(2, 3)
	_, all, err := meet(ctx, "", append(slices.Repeat([]string{"Twin"}, twins), "")...)
	_, number, _ := strings.Cut(all[twins+1].Name, ":")
	return different(all[1:twins+1]) + " " + number, err
}

// 5e measures the name of a process that has renamed itself, in that process and in
// its parent. Many expect the same name: that mp.Current() in the child and p in
// main are one object.
func nameAfterRenaming(ctx context.Context) (string, error) {
	p, all, err := meet(ctx, "Old")
	if err != nil {
		return "", err
	}
	all[0].line.Send("New")
	now, err := lessons.Recv(all[0].line)
	return now.Name + ", " + p.Name, err
}
