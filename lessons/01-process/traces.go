package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"processbook/lessons"
	"processbook/mp"
)

var variable string // somewhere to leave a trace

// Traces is what one must know to leave some.
type Traces struct {
	Sign string // what to leave
	Dir  string // the directory to go to
	Line *mp.Conn[string, mp.None]
}

// leave leaves five traces: three in what its process is made of, and two
// elsewhere. Like addTen it does not know whether it is a process.
func leave(t Traces) error {
	variable = t.Sign
	os.Chdir(t.Dir)
	os.Setenv("SIGN", t.Sign)
	os.WriteFile(filepath.Join(t.Dir, "sign"), []byte(t.Sign), 0o600)
	return t.Line.Send(t.Sign) // the last, so when it is there all are
}

var leaver = mp.Proc("leaver", leave)

// byProcess has a new process leave the traces.
func byProcess(ctx context.Context, t Traces) error {
	p := mp.NewProcess(leaver, t)
	if err := p.Start(ctx); err != nil {
		return err
	}
	return lessons.Join(ctx, p)
}

// byGoroutine has a goroutine leave them, in main's own process.
func byGoroutine(_ context.Context, t Traces) error {
	go leave(t)
	return nil
}

// seen has traces left in one of the two ways, and reports in which places
// main sees them. The sign is a new one each time, so that it cannot be taken
// for what somebody else has left.
func seen(ctx context.Context, have func(context.Context, Traces) error) ([]bool, error) {
	ctx, cancel := context.WithTimeout(ctx, lessons.Limit)
	defer cancel()
	dir, err := lessons.TempDir("traces")
	if err != nil {
		return nil, err
	}
	defer lessons.RemoveTemp(dir)
	if home, err := os.Getwd(); err == nil {
		defer os.Chdir(home) // it is no longer main who decides where main is
	}
	defer os.Unsetenv("SIGN")

	ours, theirs := mp.Pipe[mp.None, string]()
	t := Traces{Sign: filepath.Base(dir), Dir: dir, Line: theirs}
	if err := have(ctx, t); err != nil {
		return nil, err
	}
	received, err := lessons.Recv(ours)
	if err != nil {
		return nil, fmt.Errorf("nobody says that the traces are there: %w", err)
	}
	inFile, _ := os.ReadFile(filepath.Join(dir, "sign")) // no file, no sign
	return []bool{
		variable == t.Sign,
		sameDir(".", dir),
		os.Getenv("SIGN") == t.Sign,
		string(inFile) == t.Sign,
		received == t.Sign,
	}, nil
}

// sameDir compares directories and not their names: one may have several.
func sameDir(a, b string) bool {
	left, errA := os.Stat(a)
	right, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(left, right)
}
