package main

// The experiments of the quiz, and of the lesson's last tables. You need not read
// this file to understand main.go. There the processes sleep; here every step waits
// for a message, so a slow machine cannot change the order.

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"processbook/lessons"
	"processbook/mp"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Many expect of 7a that a loop goes on; of 7b that only the first process ends, as
// in Python; of 7c all or nothing; of 7d that all clean up; of 7e 15, or 0.
var experiments = lessons.Facts{
	"7a": func(ctx context.Context) (string, error) {
		r, err := tryAll(ctx) // 2 is the loop, 3 the sleep, 4 the Mutex, 6 ignores SIGTERM
		return lessons.Letters(r[2].by != "Kill", r[3].by != "Kill", r[4].by != "Kill", r[6].by != "Kill"), err
	},
	"7b": endedGenerations,
	"7c": leftByHolder,
	"7d": func(ctx context.Context) (string, error) {
		r, err := tryAll(ctx) // 0 returns, 1 calls os.Exit, 2 is the loop, 5 handles SIGTERM
		return lessons.Letters(r[0].cleaned, r[1].cleaned, r[2].cleaned, r[5].cleaned), err
	},
	"7e": func(ctx context.Context) (string, error) {
		r, err := tryAll(ctx)
		return fmt.Sprint(r[3].code, r[6].code, r[5].code), err
	},
}

type line = *mp.Conn[string, string]

// A Part is the argument of a member.
type Part struct {
	Does   string
	Line   line               // to main
	Others []line             // those of its child, of that one's child, and so on
	Token  *mp.Queue[mp.None] // there is only one: a lock
}

var member mp.Function[Part, mp.None]

func init() { member = mp.Proc("member", play) } // play names member

func play(p Part) (err error) {
	defer p.Line.Send("cleanup") // when this function returns, if it does
	sigterm := make(chan os.Signal, 1)
	switch p.Does {
	case "handles SIGTERM":
		signal.Notify(sigterm, syscall.SIGTERM)
	case "ignores SIGTERM":
		signal.Ignore(syscall.SIGTERM)
	}
	if len(p.Others) > 0 {
		err = mp.NewProcess(member, Part{Line: p.Others[0], Others: p.Others[1:]}).Start(context.Background())
	}
	p.Line.Send("ready")
	p.hang(sigterm)
	return err
}

func (p Part) hang(sigterm chan os.Signal) {
	switch p.Does {
	case "waits for a message":
		p.Line.Recv()
	case "waits, then calls os.Exit(0)":
		p.Line.Recv()
		os.Exit(0)
	case "runs an endless loop":
		for {
		}
	case "locks a Mutex two times":
		var lock sync.Mutex
		lock.Lock()
		lock.Lock()
	case "handles SIGTERM":
		<-sigterm
	case "takes the token":
		p.Token.Get(context.Background())
		p.Line.Send(strings.Repeat(" ", 4<<20)) // more than a pipe has room for
	case "ignores SIGTERM":
		p.Line.Recv()
		p.Line.Send("lives on")
		fallthrough
	default:
		time.Sleep(time.Hour) // it is the work
	}
}

// hire starts a member, and receives its first message.
func hire(ctx context.Context, p Part) (m *mp.Process, ours line, err error) {
	ours, p.Line = mp.Pipe[string, string]()
	m = mp.NewProcess(member, p)
	if err = m.Start(ctx); err == nil {
		_, err = lessons.Recv(ours)
	}
	return m, ours, err
}

// A Row says how a member ended, and what ended it.
type Row struct {
	does, by string
	code     int
	cleaned  bool
}

// tryAll asks the first two members to stop, and terminates the others. It kills
// those that still answer.
func tryAll(ctx context.Context) (rows [7]Row, err error) {
	for i, does := range [7]string{"waits for a message", "waits, then calls os.Exit(0)", "runs an endless loop",
		"sleeps for an hour", "locks a Mutex two times", "handles SIGTERM", "ignores SIGTERM"} {
		m, ours, err := hire(ctx, Part{Does: does})
		if err != nil {
			return rows, err
		}
		by := "message"
		if i >= 2 {
			by = "Terminate"
			m.Terminate()
		}
		ours.Send("please stop")
		said, _ := lessons.Recv(ours)
		if said == "lives on" {
			by = "Kill"
			m.Kill()
		}
		if err := lessons.Join(ctx, m); m.Alive() {
			return rows, err
		}
		code, _ := m.ExitCode()
		rows[i] = Row{does, by, code, said == "cleanup"}
	}
	return rows, nil
}

// endedGenerations starts a member with a child that has a child, and so on, and
// terminates the first. A line gets EOF when its member has ended.
func endedGenerations(ctx context.Context) (string, error) {
	first, lines := Part{}, []line{}
	for range lessons.Form(3, 4) - 1 {
		ours, theirs := mp.Pipe[string, string]()
		lines, first.Others = append(lines, ours), append(first.Others, theirs)
	}
	m, ours, err := hire(ctx, first)
	for i := 0; i < len(lines) && err == nil; i++ {
		_, err = lessons.Recv(lines[i]) // it is also ready
	}
	if err != nil {
		return "", err
	}
	m.Terminate()
	ended := 0
	for _, line := range append(lines, ours) {
		if _, end := lessons.Recv(line); end == io.EOF {
			ended++
		}
	}
	return fmt.Sprint(ended), nil
}

// leftByHolder terminates a member that has the token and is sending a message. After
// that main gets A: the token, B: the message, C: a broken message, D: at last, EOF.
func leftByHolder(ctx context.Context) (string, error) {
	token := mp.NewQueue[mp.None](0)
	token.Put(ctx, mp.None{})
	m, ours, err := hire(ctx, Part{Does: "takes the token", Token: token})
	if err != nil {
		return "", err
	}
	ours.Poll(lessons.Limit) // the first part is here; main makes no room for the rest
	m.Terminate()
	_, got := lessons.Recv(ours)
	_, end := lessons.Recv(ours) // so the holder has ended
	_, noToken := token.TryGet()
	return lessons.Letters(noToken == nil, got == nil, got == io.ErrUnexpectedEOF, end == io.EOF), nil
}
