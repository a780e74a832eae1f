package main

// The experiments of the quiz, and of the lesson's last tables. You need not read
// this file to understand main.go. There the processes sleep; here every step waits
// for a message, so a slow machine cannot change the order.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"processbook/lessons"
	"processbook/mp"
)

var experiments = lessons.Facts{
	"7a": func(ctx context.Context) (string, error) { // many expect that a loop goes on
		r, err := tryAll(ctx)
		return lessons.Letters(r[2].by != "Kill", r[3].by != "Kill", r[4].by != "Kill", r[6].by != "Kill"), err
	},
	"7b": endedGenerations,
	"7c": freeAfterHolder,
	"7d": messageAfterWriter,
	"7e": exchange,
	"7f": func(ctx context.Context) (string, error) { // many expect that all clean up
		r, err := tryAll(ctx)
		return lessons.Letters(r[0].cleaned, r[1].cleaned, r[2].cleaned, r[5].cleaned), err
	},
	"7g": func(ctx context.Context) (string, error) { // many expect 15, or 0
		r, err := tryAll(ctx)
		return fmt.Sprint(r[3].code, " ", r[6].code, " ", r[5].code), err
	},
}

// A Part is the argument of a member. Line is its pipe to main.
type Part struct {
	Does    string
	Line    *mp.Conn[string, string]
	Child   *Part
	Token   *mp.Queue[mp.None] // there is only one: a lock
	Tickets lessons.Tickets    // each file can be made once: also locks
	Pair    *mp.Conn[[]byte, []byte]
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
	case "starts a child":
		err = mp.NewProcess(member, *p.Child).Start(ctx)
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
		p.Pair.Send(make([]byte, p.Size))
		if _, err := p.Pair.Recv(); err == nil {
			p.Line.Send("received")
		}
	case "ignores SIGTERM":
		p.Line.Recv()
		p.Line.Send("lives on")
		select {}
	case "takes locks":
		p.Line.Send("a message")
		fallthrough
	default:
		time.Sleep(time.Hour) // it is the work
	}
}

// A Member is a process as main sees it.
type Member struct {
	*mp.Process
	line *mp.Conn[string, string]
}

// hire starts a member, and returns when it is ready.
func hire(ctx context.Context, p Part) (m Member, err error) {
	m.line, p.Line = mp.Pipe[string, string]()
	m.Process = mp.NewProcess(member, p)
	if err = m.Start(ctx); err == nil {
		_, err = lessons.Recv(m.line)
	}
	return m, err
}

// end terminates a member and joins it.
func (m Member) end(ctx context.Context) error {
	m.Terminate() // it does not wait
	if err := lessons.Join(ctx, m.Process); m.Alive() {
		return err
	}
	return nil
}

// A Row says how a member ended, and what ended it.
type Row struct {
	does, by string
	code     int
	cleaned  bool
	took     time.Duration // from Terminate until Join returned
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
		r, begin := Row{does: does, by: "message"}, time.Now()
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
		r.took, r.cleaned = time.Since(begin), said == "cleanup"
		r.code, _ = m.ExitCode()
		rows[i] = r
	}
	return rows, nil
}

// endedGenerations starts a member with a child that has a child, and so on, and
// terminates the first. Many expect that only that one ends, as in Python.
func endedGenerations(ctx context.Context) (string, error) {
	first, lines := Part{Does: "sleeps"}, []*mp.Conn[string, string]{}
	for range lessons.Form(3, 4) - 1 {
		child := first
		first = Part{Does: "starts a child", Child: &child}
		ours, theirs := mp.Pipe[string, string]()
		lines, child.Line = append(lines, ours), theirs
	}
	m, err := hire(ctx, first)
	for _, line := range lines {
		_, failed := lessons.Recv(line) // it is also ready
		err = errors.Join(err, failed)
	}
	err = errors.Join(err, m.end(ctx))
	ended := 1
	for _, line := range lines {
		if gone, _ := line.Poll(lessons.Limit); gone {
			ended++
		}
	}
	return fmt.Sprint(ended), err
}

// freeAfterHolder: A the token is free, B the file, C a message is there, D then
// EOF. Many expect that the system frees all, or the file.
func freeAfterHolder(ctx context.Context) (string, error) {
	tickets, err := lessons.NewTickets()
	if err != nil {
		return "", err
	}
	defer tickets.Remove()
	token := mp.NewQueue[mp.None](0)
	token.Put(ctx, mp.None{})
	m, err := hire(ctx, Part{Does: "takes locks", Token: token, Tickets: tickets})
	if err == nil {
		_, err = m.line.Poll(lessons.Limit) // the message is in the pipe
	}
	err = errors.Join(err, m.end(ctx))
	_, noToken := token.TryGet()
	number, failed := tickets.Take()
	_, noMessage := lessons.Recv(m.line)
	_, end := lessons.Recv(m.line)
	return lessons.Letters(noToken == nil, number == 1, noMessage == nil, end == io.EOF), errors.Join(err, failed)
}

// messageAfterWriter: many expect all or nothing. But a pipe carries bytes.
func messageAfterWriter(ctx context.Context) (string, error) {
	reader, pipe := mp.Pipe[[]byte, []byte]()
	m, err := hire(ctx, Part{Does: "sends, then receives", Pair: pipe, Size: 4 << 20})
	if err == nil {
		_, err = reader.Poll(lessons.Limit) // it has begun; main makes no room for the rest
	}
	err = errors.Join(err, m.end(ctx))
	_, got := lessons.Recv(reader)
	return map[error]string{nil: "the message", io.EOF: "EOF", io.ErrUnexpectedEOF: "a broken message"}[got], err
}

// exchange lets two pairs send first, and then receive. When the pair with short
// messages has received, the other pair has had the same time, and is terminated.
// Many expect that all receive, or none.
func exchange(ctx context.Context) (string, error) {
	var members []Member
	for _, size := range []int{1 << 20, 5} {
		one, two := mp.Pipe[[]byte, []byte]()
		for _, pair := range []*mp.Conn[[]byte, []byte]{one, two} {
			m, err := hire(ctx, Part{Does: "sends, then receives", Pair: pair, Size: size})
			if err != nil {
				return "", err
			}
			members = append(members, m)
		}
	}
	received := func(pair []Member) (n int) {
		for _, m := range pair {
			if said, _ := lessons.Recv(m.line); said == "received" {
				n++
			}
		}
		return n
	}
	short := received(members[2:])
	members[0].Terminate()
	members[1].Terminate()
	long := received(members[:2])
	return fmt.Sprint(lessons.Form(short, long), lessons.Form(long, short)), nil
}
