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
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"processbook/lessons"
	"processbook/mp"
)

// Many expect of 7a that a loop goes on; of 7b that only the first process ends, as
// in Python; of 7c that the system frees all, or the file; of 7d all or nothing; of
// 7e that all receive, or none; of 7f that all clean up; of 7g 15, or 0.
var experiments = lessons.Facts{
	"7a": func(ctx context.Context) (string, error) {
		r, err := tryAll(ctx)
		return lessons.Letters(r[2].by != "Kill", r[3].by != "Kill", r[4].by != "Kill", r[6].by != "Kill"), err
	},
	"7b": endedGenerations,
	"7c": freeAfterHolder,
	"7d": messageAfterWriter,
	"7e": exchange,
	"7f": func(ctx context.Context) (string, error) {
		r, err := tryAll(ctx)
		return lessons.Letters(r[0].cleaned, r[1].cleaned, r[2].cleaned, r[5].cleaned), err
	},
	"7g": func(ctx context.Context) (string, error) {
		r, err := tryAll(ctx)
		return fmt.Sprint(r[3].code, " ", r[6].code, " ", r[5].code), err
	},
}

type line = *mp.Conn[string, string]

// A Part is the argument of a member.
type Part struct {
	Does    string
	Line    line               // to main
	Others  []line             // those of its child, of that one's child, and so on
	Token   *mp.Queue[mp.None] // there is only one: a lock
	Tickets lessons.Tickets    // each file can be made once: also a lock
	Pair    line               // for a message of this size
	Size    int
}

var member mp.Function[Part, mp.None]

func init() { member = mp.Proc("member", play) } // play names member

func play(p Part) (err error) {
	defer p.Line.Send("cleanup") // when this function returns, if it does
	ctx, sigterm := context.Background(), make(chan os.Signal, 1)
	switch p.Does {
	case "handles SIGTERM":
		signal.Notify(sigterm, syscall.SIGTERM)
	case "ignores SIGTERM":
		signal.Ignore(syscall.SIGTERM)
	case "takes locks":
		_, err = p.Token.Get(ctx)
		p.Tickets.Take()
		p.Line.Send("a message")
	}
	if len(p.Others) > 0 {
		err = mp.NewProcess(member, Part{Line: p.Others[0], Others: p.Others[1:]}).Start(ctx)
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
	case "sends, then receives":
		p.Pair.Send(strings.Repeat(" ", p.Size))
		if _, err := p.Pair.Recv(); err == nil {
			p.Line.Send("received")
		}
	case "ignores SIGTERM":
		p.Line.Recv()
		p.Line.Send("lives on")
		fallthrough
	default:
		time.Sleep(time.Hour) // it is the work
	}
}

// A Member is a process as main sees it.
type Member struct {
	*mp.Process
	line line
}

// hire starts a member, and receives its first message.
func hire(ctx context.Context, p Part) (m Member, err error) {
	m.line, p.Line = mp.Pipe[string, string]()
	m.Process = mp.NewProcess(member, p)
	if err = m.Start(ctx); err == nil {
		_, err = lessons.Recv(m.line)
	}
	return m, err
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
		m, err := hire(ctx, Part{Does: does})
		if err != nil {
			return rows, err
		}
		r := Row{does: does, by: "message"}
		if i >= 2 {
			r.by = "Terminate"
			m.Terminate()
		}
		m.line.Send("please stop")
		said, _ := lessons.Recv(m.line)
		if said == "lives on" {
			r.by = "Kill"
			m.Kill()
		}
		if err := lessons.Join(ctx, m.Process); m.Alive() {
			return rows, err
		}
		r.code, _ = m.ExitCode()
		r.cleaned = said == "cleanup"
		rows[i] = r
	}
	return rows, nil
}

// endedGenerations starts a member with a child that has a child, and so on, and
// terminates the first.
func endedGenerations(ctx context.Context) (string, error) {
	var first Part
	var lines []line
	for range lessons.Form(3, 4) - 1 {
		ours, theirs := mp.Pipe[string, string]()
		lines, first.Others = append(lines, ours), append(first.Others, theirs)
	}
	m, err := hire(ctx, first)
	for i := 0; i < len(lines) && err == nil; i++ {
		_, err = lessons.Recv(lines[i]) // it is also ready
	}
	if err != nil {
		return "", err
	}
	m.Terminate()
	ended := 0
	for _, line := range append(lines, m.line) {
		if _, end := lessons.Recv(line); end == io.EOF {
			ended++
		}
	}
	return fmt.Sprint(ended), nil
}

// freeAfterHolder: A the token is free, B the file, C a message is there, D then EOF.
func freeAfterHolder(ctx context.Context) (string, error) {
	tickets, err := lessons.NewTickets()
	if err != nil {
		return "", err
	}
	defer tickets.Remove()
	token := mp.NewQueue[mp.None](0)
	token.Put(ctx, mp.None{})
	m, err := hire(ctx, Part{Does: "takes locks", Token: token, Tickets: tickets})
	if err != nil {
		return "", err
	}
	m.line.Poll(lessons.Limit) // one more message is in the pipe
	m.Terminate()
	_, noMessage := lessons.Recv(m.line)
	_, end := lessons.Recv(m.line) // so the holder has ended
	_, noToken := token.TryGet()
	number, err := tickets.Take()
	return lessons.Letters(noToken == nil, number == 1, noMessage == nil, end == io.EOF), err
}

// messageAfterWriter terminates a member that has sent a part of a message.
func messageAfterWriter(ctx context.Context) (string, error) {
	reader, pair := mp.Pipe[string, string]()
	m, err := hire(ctx, Part{Does: "sends, then receives", Pair: pair, Size: 4 << 20})
	if err != nil {
		return "", err
	}
	reader.Poll(lessons.Limit) // it has begun; main makes no room for the rest
	m.Terminate()
	_, got := lessons.Recv(reader)
	return map[error]string{nil: "the message", io.EOF: "EOF", io.ErrUnexpectedEOF: "a broken message"}[got], nil
}

// exchange lets two pairs send first, and then receive. When the pair with short
// messages has received, the other pair has had the same time, and is terminated.
func exchange(ctx context.Context) (string, error) {
	var members []Member
	for _, size := range []int{1 << 20, 5} {
		one, two := mp.Pipe[string, string]()
		for _, end := range []line{one, two} {
			m, err := hire(ctx, Part{Does: "sends, then receives", Pair: end, Size: size})
			if err != nil {
				return "", err
			}
			members = append(members, m)
		}
	}
	var received [2]int // first by the pair with long messages
	for i, m := range slices.Backward(members) {
		if i == 1 {
			members[0].Terminate()
			m.Terminate()
		}
		if said, _ := lessons.Recv(m.line); said == "received" {
			received[i/2]++
		}
	}
	return fmt.Sprint(received[lessons.Form(1, 0)], received[lessons.Form(0, 1)]), nil
}
