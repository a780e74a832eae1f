package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"processbook/lessons"
	"processbook/mp"
)

// Hands are what a worker has in its hands. Each has another thing, or nothing.
type Hands struct {
	Main    *mp.Conn[string, string]  // a line to main: "ready", "cleanup"; back: "please stop"
	Listens bool                      // whether it ever receives from there
	Kid     *mp.Conn[string, string]  // a line to main, for a child of its own
	Lock    *mp.Queue[mp.None]        // a queue with one token: whoever got it has the lock
	Pipe    *mp.Conn[[]byte, mp.None] // for a message that is too long for it
}

// A Member of the team is a process as main sees it.
type Member struct {
	*mp.Process
	line    *mp.Conn[string, string]
	said    []string
	listens bool
	deaf    bool // still alive after it was asked to stop
}

// hire starts a process, and returns when that has said that it is ready. The
// end of ctx ends it, whatever it is at.
func hire(ctx context.Context, name string, f mp.Function[Hands, mp.None], h Hands) (*Member, error) {
	m := &Member{listens: h.Listens}
	m.line, h.Main = mp.Pipe[string, string]()
	m.Process = mp.NewProcess(f, h)
	m.Name = name
	err := lessons.Start(ctx, m.Process)
	if err == nil {
		_, err = m.hear()
	}
	if err != nil {
		m.Kill() // or main would join it
		return nil, err
	}
	return m, nil
}

// hear returns the next thing that a process says. After its last word comes
// io.EOF: the system closes the pipe when the process ends.
func (m *Member) hear() (word string, err error) {
	word, err = lessons.Recv(m.line)
	if err != nil {
		return "", fmt.Errorf("%s: %w", m.Name, err)
	}
	m.said = append(m.said, word)
	return word, nil
}

// hearAll returns all that a process has said, from its start to its end.
func (m *Member) hearAll() (said []string, err error) {
	for err == nil {
		_, err = m.hear()
	}
	if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return m.said, nil
}

// hireParent returns when Parent and its child are both there. The child's line
// to main goes through Parent, which gives it away and keeps nothing of it.
func hireParent(ctx context.Context) (parent *Member, ofKid *mp.Conn[string, string], err error) {
	ofKid, toMain := mp.Pipe[string, string]()
	if parent, err = hire(ctx, "Parent", worker, Hands{Kid: toMain}); err == nil {
		_, err = lessons.Recv(ofKid)
	}
	return parent, ofKid, err
}

// kid says that it is there, and then says back what it hears.
var kid = mp.Proc("kid", func(toMain *mp.Conn[string, string]) error {
	var err error
	for word := "here"; err == nil; word, err = toMain.Recv() {
		toMain.Send(word)
	}
	return nil
})

// fate tells whether Kid answers. Its end takes a moment, because nobody tells
// it but the end of a pipe, so that is what is waited for. If it does not come,
// it is for Kid to say something.
func fate(ofKid *mp.Conn[string, string]) (string, error) {
	ended, err := ofKid.Poll(lessons.Limit)
	if err == nil && !ended {
		err = ofKid.Send("are you there?")
	}
	if err == nil {
		_, err = lessons.Recv(ofKid)
	}
	switch err {
	case nil:
		return "answers", nil
	case io.EOF:
		return "is gone", nil
	}
	return "", err
}

// hireHolder makes the lock, free at first, and returns when Holder has it.
func hireHolder(ctx context.Context, listens bool) (*Member, *mp.Queue[mp.None], error) {
	lock := mp.NewQueue[mp.None](1)
	if err := lock.Put(ctx, mp.None{}); err != nil {
		return nil, nil, err
	}
	holder, err := hire(ctx, "Holder", worker, Hands{Lock: lock, Listens: listens})
	return holder, lock, err
}

// hireOthers starts processes that have something to do, and need the lock for
// it, if there is one.
func hireOthers(ctx context.Context, n int, lock *mp.Queue[mp.None]) (others []*Member, err error) {
	for i := 0; i < n && err == nil; i++ {
		var m *Member
		m, err = hire(ctx, fmt.Sprintf("Other %d", i+1), other, Hands{Lock: lock})
		others = append(others, m)
	}
	return others, err
}

// other waits for its turn, does what it has to do, and says so. It tries the
// lock before it waits for it, so that main hears of the wait.
var other = mp.Proc("other", func(h Hands) error {
	h.Main.Send("ready")
	h.Main.Recv()
	if h.Lock != nil {
		if _, err := h.Lock.TryGet(); err == mp.ErrEmpty {
			h.Main.Send("waits")
			h.Lock.Get(context.Background())
		}
		defer h.Lock.Put(context.Background(), mp.None{})
	}
	return h.Main.Send("done")
})

// goOn lets one after the other do what it has to do, and counts those who get
// done. Those who wait for the lock are the rest.
func goOn(ctx context.Context, others []*Member) (done int, err error) {
	for _, m := range others {
		m.line.Send("go on")
		word, err := m.hear()
		if word == "done" {
			done++
			err = lessons.Join(ctx, m.Process) // then its token is back
		}
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// replaceToken makes a new token for those who wait. That they get done now
// shows that it was only the token that they were waiting for.
func replaceToken(ctx context.Context, lock *mp.Queue[mp.None], waiting []*Member) error {
	if len(waiting) == 0 {
		return nil
	}
	if err := lock.Put(ctx, mp.None{}); err != nil {
		return err
	}
	for _, m := range waiting {
		if word, err := m.hear(); word != "done" {
			return fmt.Errorf("%s says %q, although there is a token again (%v)", m.Name, word, err)
		}
	}
	return nil
}

// hireWriter returns when the first bytes of Writer's message have arrived. The
// last ones cannot be on their way yet, since main has not made room for them.
func hireWriter(ctx context.Context) (writer *Member, pipe *mp.Conn[mp.None, []byte], err error) {
	pipe, in := mp.Pipe[mp.None, []byte]()
	writer, err = hire(ctx, "Writer", worker, Hands{Pipe: in})
	if err != nil {
		return nil, nil, err
	}
	begun, err := pipe.Poll(lessons.Limit)
	if err == nil && !begun {
		err = errors.New("Writer does not write")
	}
	return writer, pipe, err
}

// received tells what a reader gets when its writer is gone.
func received(pipe *mp.Conn[mp.None, []byte]) (string, error) {
	switch _, err := lessons.Recv(pipe); err {
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
