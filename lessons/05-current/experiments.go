package main

// What the quiz asks, and the lesson's last table. Nobody has to read this file
// to understand main.go. There the processes sleep, as the chapter's do; here
// every step waits for a message, so no slow machine can change the order.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"processbook/lessons"
	"processbook/mp"
)

var experiments = lessons.Facts{
	"5a": nameOfThird,
	"5b": mainAfterStart,
	"5c": parentsOfTwoGenerations,
	"5d": twinsNamesAndIDs,
	"5e": idsOfGoroutinesAndChildren,
	"5f": nameAfterRenaming,
}

// claims are facts of which the quiz has no question.
var claims = lessons.Facts{"others": seen}

// An Identity is what a process can find out about itself.
type Identity struct {
	Name        string // from its parent, which is in this program
	PID, Parent int    // from the system
}

func identify() Identity { return Identity{mp.Current().Name, os.Getpid(), os.Getppid()} }

// A Line goes from a child to main.
type Line = *mp.Conn[Identity, mp.None]

// child says who it is, and has a child of its own if there is a line for one.
// It stays until main lets it go: a PID is free again when its process ends.
var child mp.Function[[]Line, mp.None]

func init() { // not in the declaration, because child mentions itself
	child = mp.Proc("child", func(toMain []Line) (err error) {
		toMain[0].Send(identify())
		if len(toMain) > 1 {
			err = mp.NewProcess(child, toMain[1:]).Start(context.Background())
		}
		toMain[0].Recv() // nothing comes but the end of the pipe
		return err
	})
}

// A Member of the family is a child of main, or a descendant of one.
type Member struct {
	Identity
	line *mp.Conn[mp.None, Identity] // when it is closed, the member ends
}

// meet starts a child of main with this name, or with the name that it is made
// with, and so many generations below it, and hears who they are. They stay until
// ctx ends.
func meet(ctx context.Context, name string, generations int) (eldest *mp.Process, all []Member, err error) {
	var theirs []Line
	for range generations + 1 {
		line, toMain := mp.Pipe[mp.None, Identity]()
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

// family are children of main with these names, alive at the same time.
func family(ctx context.Context, names ...string) (all []Identity, err error) {
	var members []Member
	for _, name := range names {
		_, born, err := meet(ctx, name, 0)
		if err != nil {
			return nil, err
		}
		members = append(members, born...)
	}
	for _, m := range members {
		all = append(all, m.Identity)
	}
	return all, present(members)
}

// present makes sure that all are still there. They have said all that they
// ever say, so what comes through a line now can only be its end.
func present(members []Member) error {
	for _, m := range members {
		if ended, err := m.line.Poll(0); ended || err != nil {
			return fmt.Errorf("%s has ended before it was let go", m.Name)
		}
	}
	return nil
}

// 5a measures the name of a process that got none, made after two that got
// one. Many expect Process-1, as if only those without a name were counted. It
// must be the first experiment: the count is of all that main ever made.
func nameOfThird(ctx context.Context) (string, error) {
	all, err := family(ctx, "Worker 1", "Worker 2", "")
	if err != nil {
		return "", err
	}
	return all[2].Name, nil
}

// 5b measures what main is told while its child runs. Many expect the child,
// as if "current" were whoever started last. It is whoever asks.
func mainAfterStart(ctx context.Context) (string, error) {
	_, all, err := meet(ctx, "Worker 1", 0)
	name := identify().Name
	return name, errors.Join(err, present(all))
}

// 5c measures whose ID os.Getppid gives in a child of main, and in a child of
// that child. Many expect the go command in the first, or main in the second.
func parentsOfTwoGenerations(ctx context.Context) (string, error) {
	_, all, err := meet(ctx, "", 1)
	if err := errors.Join(err, present(all)); err != nil {
		return "", err
	}
	main, one, two := identify(), all[0], all[1]
	owner := map[int]string{main.Parent: "the go command", main.PID: "main", one.PID: "Child", two.PID: "Grandchild"}
	if owner[one.Parent] == "" || owner[two.Parent] == "" {
		return "", fmt.Errorf("nobody here has the PID %d, or nobody %d", one.Parent, two.Parent)
	}
	return owner[one.Parent] + ", " + owner[two.Parent], nil
}

// 5d counts the names and the IDs of two processes that were both named Twin.
// Many expect an error, or that the second name is altered.
func twinsNamesAndIDs(ctx context.Context) (string, error) {
	all, err := family(ctx, "Twin", "Twin")
	names, ids := distinct(all)
	return fmt.Sprint(names, ids), err
}

// 5e counts the PIDs of main, a goroutine of main, and two children. Many
// expect four: as many as there are things that run.
func idsOfGoroutinesAndChildren(ctx context.Context) (string, error) {
	all, err := family(ctx, "Worker 1", "Worker 2")
	elsewhere := make(chan Identity)
	go func() { elsewhere <- identify() }()
	_, ids := distinct(append(all, identify(), <-elsewhere))
	return fmt.Sprint(ids), err
}

func distinct(all []Identity) (names, ids int) {
	name, id := make(map[string]bool), make(map[int]bool)
	for _, a := range all {
		name[a.Name], id[a.PID] = true, true
	}
	return len(name), len(id)
}

// 5f measures what the name is to a process that has renamed itself, and to
// its parent. Many expect the same: that mp.Current() in the child and p in
// main are one object.
func nameAfterRenaming(ctx context.Context) (string, error) {
	line, toMain := mp.Pipe[mp.None, Identity]()
	p := mp.NewProcess(renamer, toMain)
	p.Name = "Old"
	if err := p.Start(ctx); err != nil {
		return "", err
	}
	id, err := lessons.Recv(line)
	if err == nil && !p.Alive() {
		err = errors.New("the child has ended before it was let go")
	}
	names := id.Name + ", " + p.Name
	line.Close()
	return names, errors.Join(err, lessons.Join(ctx, p))
}

// renamer gives itself another name, and stays until main has looked.
var renamer = mp.Proc("renamer", func(toMain Line) error {
	mp.Current().Name = "New"
	err := toMain.Send(identify())
	toMain.Recv()
	return err
})

// A Sight is what main sees of a process: whether it is one of mp.Children, and
// whether the system has it.
type Sight struct {
	Name         string
	InList, ByOS bool
}

// others measures what main sees of a child, of a child of that, and of a child
// that has ended. Many expect that Children knows all descendants.
func others(ctx context.Context) (sights []Sight, err error) {
	_, all, err := meet(ctx, "Child", 1)
	if err != nil {
		return nil, err
	}
	gone, ended, err := meet(ctx, "Ended", 0)
	if err != nil {
		return nil, err
	}
	ended[0].line.Close()
	if err := lessons.Join(ctx, gone); err != nil {
		return nil, err
	}
	for i, m := range append(all, ended...) {
		inList := slices.ContainsFunc(mp.Children(), func(p *mp.Process) bool { return p.PID() == m.PID })
		name := []string{"Child", "Grandchild", "Ended"}[i]
		sights = append(sights, Sight{name, inList, exists(m.PID)})
	}
	return sights, present(all)
}

// seen has the letters of what main sees: A, B, C those of others in Children, D,
// E, F the same by os.
func seen(ctx context.Context) (string, error) {
	sights, err := others(ctx)
	byList, byOS := "", ""
	for i, s := range sights {
		if s.InList {
			byList += " " + "ABC"[i:i+1]
		}
		if s.ByOS {
			byOS += " " + "DEF"[i:i+1]
		}
	}
	return strings.TrimSpace(byList + byOS), err
}

func exists(pid int) bool {
	p, err := os.FindProcess(pid)
	return err == nil && !errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}
