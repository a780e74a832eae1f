package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"processbook/lessons"
	"processbook/mp"
)

// Each experiment asks everybody, as the story of main.go does, and looks at
// the answers. Only 5f has a story of its own.
var experiments = lessons.Facts{
	"5a": nameOfThird,
	"5b": mainAfterStart,
	"5c": parentsOfTwoGenerations,
	"5d": twinsNamesAndIDs,
	"5e": idsOfGoroutinesAndChildren,
	"5f": nameAfterRenaming,
}

// An Answer is what whoami said, and where.
type Answer struct {
	Where string
	Identity
}

// A Line goes from a child to main.
type Line = *mp.Conn[Identity, mp.None]

// twinNames are names for n processes: the same for all.
func twinNames(n int) []string { return slices.Repeat([]string{"Twin"}, n) }

// askEverybody starts a child for each name, "" for none, and asks all of them
// who they are, and main before and after. A child without a name has a child,
// and that one, too, so that there are so many generations.
func askEverybody(ctx context.Context, names []string, depth int) ([]Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, lessons.Limit)
	defer cancel()
	all := []Answer{{"main", whoami()}}
	var family []*Branch
	for i, name := range names {
		generations := 1
		if name == "" {
			generations = depth
		}
		b, err := grow(ctx, name, generations)
		if err != nil {
			return nil, err
		}
		defer b.letGo()
		family = append(family, b)
		answers, err := b.ask(fmt.Sprintf("child %d", i+1))
		if err := errors.Join(err, present(family)); err != nil {
			return nil, err
		}
		all = append(all, answers...)
	}
	elsewhere := make(chan Identity)
	go func() { elsewhere <- whoami() }()
	return append(all, Answer{"main again", whoami()}, Answer{"a goroutine", <-elsewhere}), nil
}

// A Branch of the family is a child of main with its descendants.
type Branch struct {
	eldest *mp.Process
	lines  []*mp.Conn[mp.None, Identity] // one for each generation
}

// grow starts a child and gives it a line for itself and one for each
// generation after it: an end of a pipe can be handed on until it is used.
func grow(ctx context.Context, name string, generations int) (*Branch, error) {
	b := new(Branch)
	var theirs []Line
	for range generations {
		line, toMain := mp.Pipe[mp.None, Identity]()
		b.lines, theirs = append(b.lines, line), append(theirs, toMain)
	}
	var err error
	b.eldest, err = start(ctx, name, theirs)
	return b, err
}

// ask hears who they are, the eldest first.
func (b *Branch) ask(where string) (answers []Answer, err error) {
	for generation, line := range b.lines {
		id, err := lessons.Recv(line)
		if err != nil {
			return nil, fmt.Errorf("%s has not said who it is: %w", where, err)
		}
		answers = append(answers, Answer{where, id})
		where = strings.Repeat("  ", generation+1) + "its child"
	}
	return answers, nil
}

// present makes sure that all are still there. They have said all that they
// ever say, so what comes through a line now can only be its end.
func present(family []*Branch) error {
	for _, b := range family {
		for _, line := range b.lines {
			if ended, err := line.Poll(0); ended || err != nil {
				return fmt.Errorf("%s or a descendant has ended before it was let go", b.eldest.Name)
			}
		}
	}
	return nil
}

// letGo closes the lines, which everybody of the branch is waiting for.
func (b *Branch) letGo() {
	for _, line := range b.lines {
		line.Close()
	}
	lessons.Join(context.Background(), b.eldest) // however it ends: it has answered
}

// 5a measures the name of a process that got none, made after two that got
// one. Many expect Process-1, as if only those without a name were counted. It
// must be the first experiment: the count is of all that main ever made.
func nameOfThird(ctx context.Context) (string, error) {
	all, err := askEverybody(ctx, []string{"Worker 1", "Worker 2", ""}, 1)
	if err != nil {
		return "", err
	}
	return all[3].Name, nil // all[0] is main
}

// 5b measures what main is told while its child runs. Many expect the child,
// as if "current" were whoever started last. It is whoever asks.
func mainAfterStart(ctx context.Context) (string, error) {
	all, err := askEverybody(ctx, []string{"Worker 1"}, 1)
	if err != nil {
		return "", err
	}
	return all[2].Name, nil // after main and the child: main again
}

// 5c measures whose ID os.Getppid gives in a child of main, and in a child of
// that child. Many expect the go command in the first, or main in the second.
func parentsOfTwoGenerations(ctx context.Context) (string, error) {
	all, err := askEverybody(ctx, []string{""}, 2)
	if err != nil {
		return "", err
	}
	main, one, two := all[0], all[1], all[2]
	owner := map[int]string{main.Parent: "the go command", main.PID: "main", one.PID: "Child", two.PID: "Grandchild"}
	if owner[one.Parent] == "" || owner[two.Parent] == "" {
		return "", fmt.Errorf("nobody here has the ID %d, or nobody %d", one.Parent, two.Parent)
	}
	return owner[one.Parent] + ", " + owner[two.Parent], nil
}

// 5d counts the names and the IDs of two processes that were both named Twin.
// Many expect an error, or that the second name is altered.
func twinsNamesAndIDs(ctx context.Context) (string, error) {
	all, err := askEverybody(ctx, twinNames(2), 1)
	if err != nil {
		return "", err
	}
	names, ids := distinct(all[1:3])
	return fmt.Sprint(names, ids), nil
}

// 5e counts the IDs of main, a goroutine of main, and two children. Many
// expect four: as many as there are things that run.
func idsOfGoroutinesAndChildren(ctx context.Context) (string, error) {
	all, err := askEverybody(ctx, []string{"Worker 1", "Worker 2"}, 1)
	if err != nil {
		return "", err
	}
	_, ids := distinct(all)
	return fmt.Sprint(ids), nil
}

// distinct counts the names and the IDs in some answers.
func distinct(answers []Answer) (names, ids int) {
	name, id := make(map[string]bool), make(map[int]bool)
	for _, a := range answers {
		name[a.Name], id[a.PID] = true, true
	}
	return len(name), len(id)
}

// 5f measures what the name is to a process that has renamed itself, and to
// its parent. Many expect the same: that mp.Current() in the child and p in
// main are one object.
func nameAfterRenaming(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, lessons.Limit)
	defer cancel()
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
	err := toMain.Send(whoami())
	toMain.Recv()
	return err
})
