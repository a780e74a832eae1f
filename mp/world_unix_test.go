//go:build unix

package mp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Main changes its arguments, its file, its streams or its signals, before it
// starts a child.

type world struct {
	Args []string
	Size int64 // of the file that this process runs
}

var seeWorld = Proc("seeWorld", func(c *Conn[world, None]) error {
	w := world{Args: os.Args}
	if info, err := os.Stat("/proc/self/exe"); err == nil {
		w.Size = info.Size()
	}
	return c.Send(w)
})

func askWorld(ctx context.Context) (w world, err error) {
	ours, theirs := Pipe[None, world]()
	if err := NewProcess(seeWorld, theirs).Start(ctx); err != nil {
		return w, err
	}
	return ours.Recv()
}

// A program reports with note, which writes to a file, because some programs
// close their standard output.
func note(text ...any) {
	f, err := os.OpenFile(os.Getenv("MP_TEST_OUT"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		fmt.Fprintln(f, text...)
		f.Close()
	}
}

// runWorld runs a program, and returns its notes and its standard error.
func runWorld(t *testing.T, cmd *exec.Cmd) (said, stderr string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	cmd.Env = append(cmd.Env, "MP_TEST_OUT="+out)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	inTime(t, "a program", func() { cmd.Wait() })
	b, _ := os.ReadFile(out)
	if cmd.ProcessState.ExitCode() != 0 {
		t.Errorf("the program ends with %v; stderr: %s", cmd.ProcessState, &errs)
	}
	return strings.TrimSpace(string(b)), errs.String()
}

func worldProgram(t *testing.T, name string) *exec.Cmd {
	cmd, _ := program(t, name)
	cmd.Stdout = nil
	return cmd
}

func init() {
	programs["cuts its arguments"] = func(ctx context.Context) error {
		os.Args = nil
		w, err := askWorld(ctx)
		note(w.Args[1:], err)
		return nil
	}
	programs["has another file"] = func(ctx context.Context) error {
		self, _ := os.Executable()
		was, _ := os.Stat(self)
		switch how := os.Getenv("MP_TEST_HOW"); how {
		case "removed":
			os.Remove(self)
		case "moved":
			os.Rename(filepath.Dir(self), filepath.Dir(self)+" moved")
		case "replaced":
			os.WriteFile(self+".new", []byte("#!/bin/sh\n"), 0o755)
			os.Rename(self+".new", self)
		}
		w, err := askWorld(ctx)
		note(w.Size == was.Size(), err)
		return nil
	}
	programs["closes its streams"] = func(ctx context.Context) error {
		os.Stdin.Close()
		os.Stdout.Close()
		os.Stderr.Close()
		theirs, ours := Pipe[string, string]() // the end with the lower number to write to is ours
		p := NewProcess(wait, theirs)
		note(p.Start(ctx))
		note(ours.Recv())
		p.Kill()
		p.Join(ctx)
		note(errors.Is(ours.Send("anybody?"), io.ErrClosedPipe))
		pool := NewPool(square, 1)
		for i := range 10 {
			pool.Apply(ctx, i)
			for _, w := range Children() {
				w.Kill()
			}
		}
		note(pool.Apply(ctx, 3))
		return pool.Close()
	}
	programs["closes the numbers of its streams"] = func(ctx context.Context) error {
		for fd := range 3 {
			syscall.Close(fd) // without telling os.Stdin, os.Stdout and os.Stderr
		}
		w, err := askWorld(ctx)
		note(w.Size > 0, err)
		return nil
	}
	programs["ignores SIGTERM"] = func(ctx context.Context) error {
		signal.Ignore(syscall.SIGTERM)
		var all []*Process
		for range 30 {
			p := NewProcess(idle, None{})
			if err := errors.Join(p.Start(ctx), p.Terminate()); err != nil {
				return err
			}
			all = append(all, p)
		}
		for _, p := range all { // they have started at the same time
			<-p.Done()
			if code, _ := p.ExitCode(); code != -15 {
				note(code)
			}
		}
		note("all have ended")
		return nil
	}
	programs["ignores Ctrl-C"] = func(ctx context.Context) error {
		ours, theirs := Pipe[None, string]()
		if err := NewProcess(interruptShell, theirs).Start(ctx); err != nil {
			return err
		}
		s, err := ours.Recv()
		syscall.Kill(os.Getpid(), syscall.SIGINT)
		told := make(chan os.Signal, 1)
		signal.Notify(told, syscall.SIGUSR1)
		syscall.Kill(os.Getpid(), syscall.SIGUSR1)
		<-told // so Main has also seen the first signal
		note(s, err, ctx.Err())
		return nil
	}
	for name, reap := range map[string]func(){
		"ignores SIGCHLD": func() { signal.Ignore(syscall.SIGCHLD) },
		"waits for all":   func() { go waitForAll() },
	} {
		programs[name] = func(ctx context.Context) error {
			reap()
			for _, p := range []*Process{NewProcess(exitWith, 7), NewProcess(fail, "no"), NewProcess(interruptNobody, None{})} {
				if err := p.Start(ctx); err != nil {
					return err
				}
				err := p.Join(ctx)
				code, _ := p.ExitCode()
				known := code == 7 || code == 255 && strings.Contains(err.Error(), "unknown")
				if p.orders.Func != "exitWith" {
					known = code == 0 && err == nil || code == 1 && strings.Contains(err.Error(), "no")
				}
				note(known)
			}
			files := openFiles()
			var ended []*Process // kept, so the garbage collector closes nothing of them
			for range 10 {
				p := NewProcess(interruptNobody, None{})
				ended = append(ended, p)
				p.Start(ctx)
				p.Join(ctx)
			}
			note(openFiles() <= files, len(ended))
			pool := NewPool(square, 2)
			note(pool.Map(ctx, []int{1, 2, 3}))
			return pool.Close()
		}
	}
	programs["nobody reads its errors"] = func(ctx context.Context) error {
		if err := NewProcess(finishLater, None{}).Start(context.Background()); err != nil {
			return err
		}
		return errors.New("that nobody reads")
	}
}

func waitForAll() {
	for {
		var status syscall.WaitStatus
		if _, err := syscall.Wait4(-1, &status, 0, nil); err == syscall.ECHILD {
			time.Sleep(time.Millisecond) // there is no child now
		}
	}
}

var (
	interruptNobody = Proc("interruptNobody", func(None) error { return nil })
	interruptShell  = Proc("interruptShell", func(c *Conn[string, None]) error {
		out, err := exec.Command("sh", "-c", "kill -INT $$; echo survives").Output()
		return c.Send(fmt.Sprint(strings.TrimSpace(string(out)), err))
	})
	finishLater = Proc("finishLater", func(None) error {
		time.Sleep(time.Second / 2) // long after main has failed
		note("finished")
		return nil
	})
)

func TestChildrenHaveTheProgramsArguments(t *testing.T) {
	cmd := worldProgram(t, "cuts its arguments")
	cmd.Args = append(cmd.Args, "serve", "x")
	if said, _ := runWorld(t, cmd); said != "[serve x] <nil>" {
		t.Error(said)
	}
}

// A child is the same program as its parent, even if the file was removed, moved
// or replaced.
func TestTheProgramsFileIsGone(t *testing.T) {
	if _, err := os.Stat("/proc/self/exe"); err != nil {
		t.Skip("this system does not show the file that a process runs; TestChangedFile has what we do there")
	}
	for _, how := range []string{"removed", "moved", "replaced"} {
		cmd := worldProgram(t, "has another file")
		dir := filepath.Join(t.TempDir(), "bin")
		os.Mkdir(dir, 0o755)
		cmd.Path = filepath.Join(dir, "program")
		b, err := os.ReadFile(os.Args[0])
		if err == nil {
			err = os.WriteFile(cmd.Path, b, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
		cmd.Env = append(cmd.Env, "MP_TEST_HOW="+how)
		if said, _ := runWorld(t, cmd); said != "true <nil>" {
			t.Errorf("%s: %s", how, said)
		}
	}
}

func TestStandardStreamsAreClosed(t *testing.T) {
	said, _ := runWorld(t, worldProgram(t, "closes its streams"))
	if said != "<nil>\nhere <nil>\ntrue\n9 <nil>" {
		t.Error(said)
	}
}

func TestNumbersOfStreamsAreClosed(t *testing.T) {
	if said, _ := runWorld(t, worldProgram(t, "closes the numbers of its streams")); said != "true <nil>" {
		t.Error(said)
	}
}

// Terminate ends a child also if its parent ignores SIGTERM.
func TestTerminateWhereSIGTERMIsIgnored(t *testing.T) {
	if said, _ := runWorld(t, worldProgram(t, "ignores SIGTERM")); said != "all have ended" {
		t.Error(said)
	}
}

// A script runs a program in the background, so it ignores Ctrl-C. It and its
// children go on ignoring it.
func TestCtrlCIsIgnoredFromTheStart(t *testing.T) {
	cmd := worldProgram(t, "ignores Ctrl-C")
	cmd.Args = []string{"sh", "-c", "trap '' INT; exec \"$0\"", cmd.Path}
	cmd.Path = "/bin/sh"
	if said, _ := runWorld(t, cmd); said != "survives<nil> <nil> <nil>" {
		t.Error(said)
	}
}

// Other code in the program calls wait4 with -1, and takes the children's exit codes.
func TestSomebodyElseWaitsForAllChildren(t *testing.T) {
	for _, name := range []string{"ignores SIGCHLD", "waits for all"} {
		if said, _ := runWorld(t, worldProgram(t, name)); said != "true\ntrue\ntrue\ntrue 10\n[1 4 9] <nil>" {
			t.Errorf("%s: %s", name, said)
		}
	}
}

// Main also waits for its children if nobody reads its standard error.
func TestNobodyReadsTheErrors(t *testing.T) {
	t.Parallel()
	cmd := worldProgram(t, "nobody reads its errors")
	out := filepath.Join(t.TempDir(), "out")
	cmd.Env = append(cmd.Env, "MP_TEST_OUT="+out)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	cmd.Stderr = w
	cmd.Start()
	w.Close()
	inTime(t, "a program", func() { cmd.Wait() })
	if b, _ := os.ReadFile(out); string(b) != "finished\n" || cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("%q, %v", b, cmd.ProcessState)
	}
}
