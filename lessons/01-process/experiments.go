package main

// The experiments of the quiz, and of the lesson's last table. You need not read
// this file to understand main.go.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"processbook/lessons"
	"processbook/mp"
)

var experiments = lessons.Facts{
	"1a": childFinds,
	"1b": secondChildsCounter,
	"1c": mainsCounter,
	"1d": func(ctx context.Context) (string, error) { return mainFinds(ctx, child) },
	"1e": func(ctx context.Context) (string, error) { return mainFinds(ctx, goroutine) },
	"1f": threadsOfProcess,
}

// A Sign is a new directory. Its name is left in four places. It is new, so no other
// process can have left it.
type Sign string

var variable Sign

func (s Sign) leave() error {
	variable = s
	return errors.Join(os.Mkdir(string(s), 0o700), os.Chdir(string(s)), os.Setenv("SIGN", string(s)),
		os.WriteFile("sign", []byte(s), 0o600))
}

// find says in which of the four places this process finds the sign.
func (s Sign) find() []bool {
	here, errHere := os.Stat(".") // a directory may have several names
	there, errThere := os.Stat(string(s))
	inFile, _ := os.ReadFile(filepath.Join(string(s), "sign")) // no file, no sign
	return []bool{
		variable == s,
		errHere == nil && errThere == nil && os.SameFile(here, there),
		os.Getenv("SIGN") == string(s),
		string(inFile) == string(s),
	}
}

// A Visit is what main and a visitor do. A visitor is a child or a goroutine.
type Visit struct {
	Mains, Own Sign // that main leaves, and the visitor
	Set, Add   int  // main sets counter, the visitor adds to it
	Goroutines int  // that the visitor starts
	Line       *mp.Conn[Look, mp.None]
}

// A Look is what main or a visitor sees. It asks the system, and not mp.
type Look struct {
	Threads, Counter int
	Found            []bool // of main's sign; by main, of the last visitor's
	Sign             Sign   // its own
}

func look(other, own Sign) Look {
	threads, _ := runtime.ThreadCreateProfile(nil)
	return Look{threads, counter, other.find(), own}
}

// visit looks, and then changes something. It stays until main closes the pipe.
func visit(v Visit) error {
	for range v.Goroutines {
		go func() { select {} }() // ends with the process
	}
	seen := look(v.Mains, v.Own)
	counter += v.Add
	err := v.Own.leave()
	v.Line.Send(seen)
	v.Line.Recv()
	return err
}

var visitor = mp.Proc("visitor", visit)

func child(ctx context.Context, v Visit) error { return mp.NewProcess(visitor, v).Start(ctx) }

func goroutine(_ context.Context, v Visit) error {
	go visit(v)
	return nil
}

// host lets visitors come one after another, and stay. It returns what main sees
// at the end, and what each of them saw when it came.
func host(ctx context.Context, v Visit, visitors ...func(context.Context, Visit) error) ([]Look, error) {
	all := make([]Look, len(visitors)+1)
	dir, err := lessons.TempDir("visit")
	home, failed := os.Getwd()
	if err = errors.Join(err, failed); err != nil {
		return all, err
	}
	defer lessons.RemoveTemp(dir)
	defer lessons.EndChildren()
	defer os.Chdir(home) // a goroutine takes main along
	counter, v.Mains = v.Set, Sign(filepath.Join(dir, "main"))
	err = v.Mains.leave()
	for i, begin := range visitors {
		ours, theirs := mp.Pipe[mp.None, Look]()
		defer ours.Close()
		v.Own, v.Line = Sign(filepath.Join(dir, fmt.Sprint(i))), theirs
		if err = errors.Join(err, begin(ctx, v)); err == nil {
			all[i+1], err = lessons.Recv(ours)
		}
		if err != nil {
			return all, err
		}
	}
	all[0] = look(v.Own, v.Mains)
	all[0].Found = append(all[0].Found, all[len(visitors)].Sign == v.Own) // it came through the pipe
	return all, err
}

// 1a measures what a child finds of what main did before. Some expect all of it,
// as after a fork; some only the file.
func childFinds(ctx context.Context) (string, error) {
	all, err := host(ctx, Visit{}, child)
	return lessons.Letters(all[1].Found...), err
}

// 1b measures with which counter a second child begins. Some expect that of main,
// as after a fork; some that of the first child, which runs the same source.
func secondChildsCounter(ctx context.Context) (string, error) {
	all, err := host(ctx, Visit{Set: 5, Add: 10}, child, child)
	return fmt.Sprint(all[2].Counter), err
}

// 1c measures main's counter after a goroutine and a child have added to it.
func mainsCounter(ctx context.Context) (string, error) {
	all, err := host(ctx, Visit{Set: lessons.Form(5, 20), Add: lessons.Form(10, 7)}, goroutine, child)
	return fmt.Sprint(all[0].Counter), err
}

// 1d and 1e measure what main finds of what a visitor did. Of a child, some expect
// nothing, because processes share no memory; but files and pipes are not memory. Many
// expect that a goroutine has its own directory and environment; but they belong to
// the process.
func mainFinds(ctx context.Context, visitor func(context.Context, Visit) error) (string, error) {
	all, err := host(ctx, Visit{}, visitor)
	return lessons.Letters(all[0].Found...), err
}

// 1f measures how many threads the system has given to a process in which 1000
// goroutines are alive. Some expect one, and some a thread for each.
func threadsOfProcess(ctx context.Context) (string, error) {
	all, err := host(ctx, Visit{Goroutines: 1000}, child)
	switch threads := all[1].Threads; {
	case threads <= 1:
		return "one", err
	case threads < 1000:
		return "some", err
	}
	return "1000", err
}
