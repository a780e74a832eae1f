package mp

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"
)

// A link is a queue as a child sees it: what it asks for, its parent does.
//
// Items come ahead of need. A Get that finds none here says how many would be
// welcome: one for a slow consumer, more each time for one that is back soon.
// When somebody else waits for them, the parent asks for the rest.
type link[T any] struct {
	servers[T]
	out     *sender
	direct  bool // a Put is in once it is written
	relayed bool // what is written may not get further than the parent

	closing sync.RWMutex // held for reading while a Put is being written
	closed  bool

	mu      sync.Mutex
	fetched []item[T]
	takers  []*taker[T]
	asking  bool // a want is on its way
	welcome int  // items asked for, last time
	asked   time.Time
	served  bool  // this batch has found somebody who waited
	ended   error // io.EOF, or the parent is gone
	made    uint64
	calls   map[uint64]chan<- reply
}

type reply struct {
	n   int
	err error
}

const (
	maxWant = 512
	prompt  = 5 * time.Millisecond // a consumer that is back within this time asks for twice as much: 512 if it was quick with 256
)

var errOwnerGone = fmt.Errorf("mp: the process that holds the queue is gone: %w", io.ErrUnexpectedEOF)

// newLink's goroutine ends with the parent, and so does this process.
func newLink[T any](from, to *os.File, t terms) *link[T] {
	l := quietLink[T](to, t)
	go l.listen(newReceiver(from))
	return l
}

func quietLink[T any](to io.Writer, t terms) *link[T] {
	return &link[T]{
		out: newSender(to), direct: t.Direct, relayed: t.Relayed, closed: t.Closed,
		calls: map[uint64]chan<- reply{},
	}
}

func (l *link[T]) terms() terms {
	l.closing.RLock()
	defer l.closing.RUnlock()
	return terms{Relayed: true, Closed: l.closed}
}

func (l *link[T]) board() (terms, func()) { return l.terms(), func() {} }

func (l *link[T]) put(ctx context.Context, v T, try bool) error {
	l.closing.RLock()
	closed := l.closed
	if l.direct && !closed && ctx.Err() == nil {
		defer l.closing.RUnlock()
		return l.send(msgPut, 0, &v)
	}
	l.closing.RUnlock()
	switch {
	case closed:
		return ErrClosed
	case ctx.Err() != nil:
		return ctx.Err()
	}
	kind := msgOffer
	if try {
		kind = msgTryOffer
	}
	_, err := l.call(ctx, kind, &v)
	return err
}

func (l *link[T]) send(k kind, id uint64, v any) error {
	err := l.out.send(k, id, v)
	if err != nil && brokenPipe(err) {
		return errOwnerGone
	}
	return err
}

// call sends a request and waits for the reply. When ctx ends first, it asks
// the parent to forget about it, and waits for what came of that: the caller
// is told what has really happened.
func (l *link[T]) call(ctx context.Context, k kind, v any) (int, error) {
	replied := make(chan reply, 1)
	l.mu.Lock()
	if l.ended == errOwnerGone {
		l.mu.Unlock()
		return 0, errOwnerGone
	}
	l.made++
	id := l.made
	l.calls[id] = replied
	l.mu.Unlock()
	if err := l.send(k, id, v); err != nil {
		l.mu.Lock()
		delete(l.calls, id)
		l.mu.Unlock()
		return 0, err
	}
	select {
	case r := <-replied:
		return r.n, r.err
	case <-ctx.Done():
	}
	l.send(msgCancel, id, nil)
	r := <-replied
	if r.err == context.Canceled {
		r.err = ctx.Err()
	}
	return r.n, r.err
}

func (l *link[T]) want(n int, got func([]item[T], error)) (withdraw func()) {
	t := &taker[T]{n, got}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case len(l.fetched) > 0:
		n = min(n, len(l.fetched))
		lot := slices.Clone(l.fetched[:n])
		l.fetched = l.fetched[n:]
		got(lot, nil)
	case l.ended != nil:
		got(nil, l.ended)
	default:
		l.takers = append(l.takers, t)
		l.request()
	}
	return func() {
		l.mu.Lock()
		l.forget(t)
		l.mu.Unlock()
	}
}

func (l *link[T]) forget(t *taker[T]) {
	l.takers = slices.DeleteFunc(l.takers, func(o *taker[T]) bool { return o == t })
}

// request asks for items, unless that has been done. Call it with mu held.
func (l *link[T]) request() {
	if l.asking || len(l.takers) == 0 {
		return
	}
	l.asking = true
	now := time.Now()
	if now.Sub(l.asked) < prompt {
		l.welcome = min(2*l.welcome, maxWant)
	} else {
		l.welcome = 1
	}
	l.asked = now
	l.send(msgWant, uint64(max(l.welcome, len(l.takers), l.takers[0].n)), nil)
}

func (l *link[T]) tryTake() (it item[T], err error) {
	got := make(chan answer[T], 1)
	t := &taker[T]{1, func(lot []item[T], err error) { got <- answer[T]{lot, err} }}
	l.mu.Lock()
	if len(l.fetched) > 0 {
		it, l.fetched = l.fetched[0], l.fetched[1:]
		l.mu.Unlock()
		return it, nil
	}
	l.takers = append(l.takers, t)
	l.mu.Unlock()
	_, err = l.call(context.Background(), msgTryWant, nil)
	l.mu.Lock()
	l.forget(t)
	l.mu.Unlock()
	select {
	case a := <-got:
		if a.err == nil {
			return a.lot[0], nil
		}
		return it, a.err
	default:
	}
	if err == nil { // it went to a Get that was waiting here
		err = ErrEmpty
	}
	return it, err
}

// tell is done when the owner will hear of it even if this process is killed
// now. The owner reads a child's pipe to its end; but a parent in between might
// be killed, too, so then the owner has to answer.
func (l *link[T]) tell(what kind, id uint64) error {
	if !l.relayed {
		return l.send(what, id, nil)
	}
	about := binary.LittleEndian.AppendUint64([]byte{byte(what)}, id)
	_, err := l.call(context.Background(), msgTell, &about)
	return err
}

func (l *link[T]) count(ctx context.Context) (int, error) { return l.call(ctx, msgLen, nil) }

func (l *link[T]) join(ctx context.Context) error {
	_, err := l.call(ctx, msgJoin, nil)
	return err
}

func (l *link[T]) close() error {
	l.stopPuts()
	_, err := l.call(context.Background(), msgClose, nil)
	return err
}

// stopPuts returns when no Put is being written, and none will be.
func (l *link[T]) stopPuts() {
	l.closing.Lock()
	l.closed = true
	l.closing.Unlock()
}

// listen hears what the parent says.
func (l *link[T]) listen(in *receiver) {
	for {
		f, err := in.next()
		if err != nil {
			l.end(errOwnerGone)
			l.abandon()
			return
		}
		switch f.kind {
		case msgMore, msgItem, msgTried:
			it := item[T]{id: f.id}
			it.err = in.decode(f, &it.value)
			l.arrive(it, f.kind)
		case msgReply:
			l.replied(f)
		case msgEnd:
			l.end(io.EOF)
		case msgClosing:
			l.stopPuts()
			l.giveBack(f)
		case msgSync:
			l.giveBack(f)
		}
	}
}

// arrive gives an item to somebody who waits. The rest of a batch is kept for
// those who come next; but if nobody waits any more, the batch goes back.
func (l *link[T]) arrive(it item[T], k kind) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case len(l.takers) > 0:
		t := l.takers[0]
		l.takers = l.takers[1:]
		l.served = l.served || k != msgTried
		t.got([]item[T]{it}, nil)
	case l.served && k != msgTried:
		l.fetched = append(l.fetched, it)
	default:
		l.send(msgBack, it.id, nil)
	}
	if k == msgItem {
		l.asking, l.served = false, false
		l.request()
	}
}

func (l *link[T]) replied(f frame) {
	var r reply
	r.n, r.err = decodeReply(f.body)
	l.mu.Lock()
	defer l.mu.Unlock()
	if replied := l.calls[f.id]; replied != nil {
		delete(l.calls, f.id)
		replied <- r
	}
}

// giveBack returns what nobody here has taken, and says when that is done, here
// and in the children that have the queue, too.
func (l *link[T]) giveBack(f frame) {
	l.mu.Lock()
	for _, it := range l.fetched {
		l.send(msgBack, it.id, nil)
	}
	l.fetched = nil
	l.mu.Unlock()
	answer := func() { l.send(msgSynced, f.id, nil) }
	if len(l.list()) == 0 {
		answer()
		return
	}
	go func() { // ends when they have answered, or ended
		l.sync(context.Background(), f.kind)
		answer()
	}()
}

func (l *link[T]) end(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = why
	for _, t := range l.takers {
		t.got(nil, why)
	}
	l.takers = nil
}

// abandon ends all calls, for nobody will reply.
func (l *link[T]) abandon() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, replied := range l.calls {
		replied <- reply{err: errOwnerGone}
	}
	clear(l.calls)
}
