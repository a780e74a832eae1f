package main

// What the quiz asks, and the lesson's last tables. Nobody has to read this file
// to understand main.go. There the processes sleep; here every step waits for a
// message, so no slow machine can change the order.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"processbook/lessons"
	"processbook/mp"
)

var experiments = lessons.Facts{
	"7a": linesOfTerminated,
	"7b": kidAfterParent,
	"7c": tokensAfterHolder,
	"7d": messageAfterWriter,
	"7e": resultsAfterLoner,
	"7f": askedThenTerminated,
	"7g": codeOfTerminated,
}

// claims are facts of which the quiz has no question.
var claims = lessons.Facts{
	"quick":      longerOfStartAndEnd,
	"deadlocked": partnerAfterTerminate,
	"refused":    ignorerAfterTerminate,
	"handled":    linesOfHandler,
}

// A Part is what a member has to do with other processes. Each has another one.
type Part struct {
	Main    *mp.Conn[string, string]  // "ready", "cleanup", ...; back: "please stop"
	Listens bool                      // whether it receives from there
	Signal  string                    // what it does about SIGTERM: "", "handle" or "ignore"
	Kid     *mp.Conn[string, string]  // a pipe to main, for a child of its own
	Lock    *mp.Queue[mp.None]        // with one token: the process that has it has the lock
	Pipe    *mp.Conn[[]byte, mp.None] // for a message that is too long for it
	Partner *mp.Conn[string, string]  // to one that waits for a message, too
}

var member = mp.Proc("member", func(p Part) (err error) {
	ctx := context.Background()
	defer p.Main.Send("cleanup") // when the function returns, if it does
	asked := make(chan os.Signal, 1)
	switch {
	case p.Signal == "handle":
		signal.Notify(asked, syscall.SIGTERM)
	case p.Signal == "ignore":
		signal.Ignore(syscall.SIGTERM)
	case p.Kid != nil:
		err = mp.NewProcess(kid, p.Kid).Start(ctx)
	case p.Lock != nil:
		_, err = p.Lock.Get(ctx)
		defer p.Lock.Put(ctx, mp.None{})
	case p.Pipe != nil:
		go p.Pipe.Send(make([]byte, 4<<20))
	}
	if err != nil {
		return err
	}
	p.Main.Send("ready")
	switch {
	case p.Listens:
		_, err = p.Main.Recv()
	case p.Partner != nil:
		_, failed := p.Partner.Recv()
		p.Main.Send(fmt.Sprint("got ", failed))
	default:
		<-asked // only a member that handles SIGTERM gets anything
	}
	return err
})

// kid says that it is there, and then says back what it hears.
var kid = mp.Proc("kid", func(toMain *mp.Conn[string, string]) error {
	var err error
	for word := "here"; err == nil; word, err = toMain.Recv() {
		toMain.Send(word)
	}
	return nil
})

// other waits for its turn, and brings its result. If there is a lock, it needs
// the token for that.
var other = mp.Proc("other", func(p Part) error {
	p.Main.Send("ready")
	p.Main.Recv()
	if p.Lock != nil {
		if _, err := p.Lock.TryGet(); err != nil {
			return nil // there is no token
		}
		defer p.Lock.Put(context.Background(), mp.None{})
	}
	return p.Main.Send("result")
})

// A Member is a process as main sees it.
type Member struct {
	*mp.Process
	line *mp.Conn[string, string]
	said []string
}

// hire starts a process, and returns when that is ready. The end of ctx ends it.
func hire(ctx context.Context, name string, f mp.Function[Part, mp.None], p Part) (*Member, error) {
	m := new(Member)
	m.line, p.Main = mp.Pipe[string, string]()
	m.Process = mp.NewProcess(f, p)
	m.Name = name
	err := m.Start(ctx)
	if err == nil {
		err = m.hear()
	}
	if err != nil {
		m.Kill() // or main would join it
		return nil, fmt.Errorf("%s is not ready: %w", name, err)
	}
	return m, nil
}

func (m *Member) hear() error {
	text, err := lessons.Recv(m.line)
	if err == nil {
		m.said = append(m.said, text)
	}
	return err
}

// end terminates a process, joins it, and hears all that it has said.
func (m *Member) end(ctx context.Context) error {
	m.Terminate() // it does not wait
	err := lessons.Join(ctx, m.Process)
	if !m.Alive() {
		for err = nil; err == nil; {
			err = m.hear()
		}
	}
	if err == io.EOF {
		return nil
	}
	return err
}

// A Row tells what became of a member that was asked to end by a message, and
// then, if it was still alive, by Terminate.
type Row struct {
	name                   string
	ready, obeyed, cleaned bool
	exitCode               int
}

// askAll asks three members. The first is Listener: the time that it takes, the
// others have had as well.
func askAll(ctx context.Context) (rows [3]Row, err error) {
	var all [3]*Member
	for i, p := range []Part{{Listens: true}, {}, {Signal: "handle"}} {
		rows[i].name = []string{"Listener", "Loner", "Polite"}[i]
		if all[i], err = hire(ctx, rows[i].name, member, p); err != nil {
			return rows, err
		}
		all[i].line.Send("please stop")
	}
	err = lessons.Join(ctx, all[0].Process)
	for i, m := range all {
		r := &rows[i]
		r.obeyed = !m.Alive()
		err = errors.Join(err, m.end(ctx))
		r.exitCode, _ = m.ExitCode()
		r.ready, r.cleaned = slices.Contains(m.said, "ready"), slices.Contains(m.said, "cleanup")
	}
	return rows, err
}

// 7a measures what happens: A it says that it hangs, B its deferred function
// runs, C Join returns. Many expect B, because what is deferred runs even after
// a panic.
func linesOfTerminated(ctx context.Context) (string, error) {
	rows, err := askAll(ctx)
	return lessons.Letters(rows[1].ready, rows[1].cleaned, err == nil), err
}

// 7f measures what becomes of two processes that are asked to end, and of
// which one never looks at its messages: A and B, whose deferred function runs;
// C and D, who ends by being asked; E, whether the other ends by Terminate.
// Many expect that asking is enough.
func askedThenTerminated(ctx context.Context) (string, error) {
	rows, err := askAll(ctx)
	one, two := rows[0], rows[1]
	return lessons.Letters(one.cleaned, two.cleaned, one.obeyed, two.obeyed, !two.obeyed), err
}

// 7g measures the exit code. Many expect 0, because the end was wanted, or 1,
// because it is no success. It says which signal it was.
func codeOfTerminated(ctx context.Context) (string, error) {
	rows, err := askAll(ctx)
	return fmt.Sprint(rows[1].exitCode), err
}

// Many expect that each process ends by SIGTERM, or that none cleans up.
func linesOfHandler(ctx context.Context) (string, error) {
	rows, err := askAll(ctx)
	return lessons.Letters(rows[2].ready, rows[2].cleaned, err == nil), err
}

// 7b measures whether Kid still answers when its parent has been terminated.
// Many expect it: nobody has terminated Kid, and in Python it does go on.
func kidAfterParent(ctx context.Context) (string, error) {
	ofKid, toMain := mp.Pipe[string, string]()
	parent, err := hire(ctx, "Parent", member, Part{Kid: toMain})
	if err == nil {
		_, err = lessons.Recv(ofKid)
	}
	if err == nil {
		err = parent.end(ctx)
	}
	if err != nil {
		return "", err
	}
	// Only the end of a pipe tells Kid to end, so that takes a moment.
	ended, err := ofKid.Poll(lessons.Limit)
	if err == nil && !ended {
		err = ofKid.Send("are you there?")
	}
	if err == nil {
		_, err = lessons.Recv(ofKid)
	}
	if err == io.EOF {
		return "is gone", nil
	}
	return "answers", err
}

// 7c counts the processes that get the lock, one after the other, when its
// holder has been terminated. Many expect all three: that the system takes back
// what a process had. It takes back what it knows of, files and memory.
func tokensAfterHolder(ctx context.Context) (string, error) {
	lock := mp.NewQueue[mp.None](1)
	if err := lock.Put(ctx, mp.None{}); err != nil {
		return "", err
	}
	return resultsAfter(ctx, "Holder", lock)
}

// 7e counts the results of three processes that share nothing with a fourth,
// which is terminated while they run. Many expect fewer than three, since
// Terminate is said to be dangerous.
func resultsAfterLoner(ctx context.Context) (string, error) { return resultsAfter(ctx, "Loner", nil) }

func resultsAfter(ctx context.Context, name string, lock *mp.Queue[mp.None]) (string, error) {
	m, err := hire(ctx, name, member, Part{Lock: lock})
	if err != nil {
		return "", err
	}
	var others [3]*Member
	for i := range others {
		if others[i], err = hire(ctx, fmt.Sprint("Other ", i+1), other, Part{Lock: lock}); err != nil {
			return "", err
		}
	}
	results := 0
	err = m.end(ctx)
	for _, o := range others {
		o.line.Send("go on")
		if o.hear() == nil {
			results++
		}
		o.Join(ctx) // then its token is back
	}
	return fmt.Sprint(results), err
}

// 7d measures what a reader gets whose writer was terminated in the middle of
// a message. Many expect all or nothing. But a pipe carries bytes, and where a
// message ends is known only to those who talk through it.
func messageAfterWriter(ctx context.Context) (string, error) {
	reader, pipe := mp.Pipe[mp.None, []byte]()
	writer, err := hire(ctx, "Writer", member, Part{Pipe: pipe})
	if err != nil {
		return "", err
	}
	begun, err := reader.Poll(lessons.Limit) // main makes no room for the rest
	if err == nil && !begun {
		err = errors.New("Writer does not write")
	}
	if err := errors.Join(err, writer.end(ctx)); err != nil {
		return "", err
	}
	switch _, err := lessons.Recv(reader); err {
	case nil:
		return "the message", nil
	case io.EOF:
		return "a clean end", nil
	case io.ErrUnexpectedEOF:
		return "a broken message", nil
	default:
		return "", err
	}
}

// quickest measures how long it takes to start a process, until its first
// message, and to end it with Terminate, until Join returns: the best of 5.
func quickest(ctx context.Context) (start, end time.Duration, err error) {
	start, end = time.Hour, time.Hour
	for range 5 {
		begin := time.Now()
		m, err := hire(ctx, "Loner", member, Part{})
		if err != nil {
			return 0, 0, err
		}
		ready := time.Now()
		m.Terminate()
		err = lessons.Join(ctx, m.Process)
		if m.Alive() {
			return 0, 0, err
		}
		start, end = min(start, ready.Sub(begin)), min(end, time.Since(ready))
	}
	return start, end, nil
}

// Many expect that it takes a process some time to end.
func longerOfStartAndEnd(ctx context.Context) (string, error) {
	start, end, err := quickest(ctx)
	return map[bool]string{true: "the start", false: "the end"}[start > end], err
}

// Two wait for each other's message, and main terminates one. Many expect that
// the other hangs on.
func partnerAfterTerminate(ctx context.Context) (string, error) {
	one, two := mp.Pipe[string, string]()
	left, err := hire(ctx, "Left", member, Part{Partner: one})
	if err != nil {
		return "", err
	}
	right, err := hire(ctx, "Right", member, Part{Partner: two})
	if err == nil {
		err = left.end(ctx)
	}
	if err == nil {
		err = right.hear()
	}
	if err != nil {
		return "", err
	}
	return right.said[1], lessons.Join(ctx, right.Process)
}

// A process that ignores SIGTERM does what it is told by a message after that.
func ignorerAfterTerminate(ctx context.Context) (string, error) {
	m, err := hire(ctx, "Stubborn", member, Part{Signal: "ignore", Listens: true})
	if err != nil {
		return "", err
	}
	m.Terminate()
	m.line.Send("please stop")
	err = m.hear()
	if err == io.EOF {
		return "is gone", nil
	}
	return "goes on", errors.Join(err, lessons.Join(ctx, m.Process))
}
