package lend

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"processbook/mp/internal/frame"
)

// A Link is a queue as a child sees it: it asks the parent for everything.
//
// Items come ahead of need. A Get that finds none here says how many would be
// welcome: one for a slow consumer, more each time for one that is back soon.
// When somebody else waits for them, the parent asks for the rest.
type Link struct {
	servers
	joinable bool
	out      *frame.Writer
	ready    chan struct{} // closed when the terms have come
	bounded  bool          // valid when ready is closed, as relayed
	relayed  bool

	mu      sync.Mutex
	closed  bool           // nothing more may be put
	putting int            // Puts that are being written
	quiet   chan struct{}  // closed when the last of them is, once closed is set
	outbox  []frame.Frame  // that need not be written before a call returns
	writing bool           // somebody writes the outbox
	fetched []Item         // here, and not taken
	ours    []Item         // taken by Gets whose contexts ended before they knew
	undoing sync.WaitGroup // Gets whose contexts have ended, and the owner has not answered
	takers  []*taker       // only when nothing is fetched
	asking  bool           // a want is on its way
	welcome int            // items asked for, last time
	asked   time.Time      // when that was
	served  bool           // this batch has found somebody who waited
	ended   error          // io.EOF, or the parent is gone
	made    uint64         // calls so far
	calls   map[uint64]chan<- reply
}

type reply struct {
	n   int
	err error
}

const (
	prompt   = 5 * time.Millisecond // a consumer that is back within this time asks for twice as many items
	partSize = 32 << 10             // of a long item
)

var errOwnerGone = fmt.Errorf("mp: the process that holds the queue is gone: %w", io.ErrUnexpectedEOF)

// NewLink returns a Link over a pipe in each direction. Listen hears what the
// parent says: call it in a goroutine, which ends with the parent.
func NewLink(to io.Writer, joinable bool) *Link {
	return &Link{
		joinable: joinable, out: frame.NewWriter(to), ready: make(chan struct{}), quiet: make(chan struct{}),
		calls: map[uint64]chan<- reply{},
	}
}

func (l *Link) terms() terms {
	l.mu.Lock()
	defer l.mu.Unlock()
	return terms{relayed: true, closed: l.closed}
}

// Put adds an item. If the parent is the owner, the item is in when it is
// written: a pipe is read to its end. Otherwise the owner has to answer.
func (l *Link) Put(ctx context.Context, v frame.Value, try bool) error {
	select {
	case <-l.ready:
	case <-ctx.Done():
		return ctx.Err()
	}
	number := uint64(0) // of the put, if it has to be given up
	switch {
	case l.terms().closed:
		return ErrClosed
	case ctx.Err() != nil:
		return ctx.Err()
	case l.relayed:
		_, err := l.call(ctx, pick(try, kindTryOffer, kindOffer), v)
		return err
	case l.bounded:
		var err error
		if number, err = l.reserveCall(ctx, try); err != nil {
			return err
		}
	case inParts(ctx, v):
		number = l.number()
	}
	err := l.write(ctx, number, v)
	if err != nil && number > 0 {
		l.post(frame.Frame{Kind: kindCancel, ID: number})
	}
	return err
}

func pick(try bool, yes, no frame.Kind) frame.Kind {
	if try {
		return yes
	}
	return no
}

// write writes an item, unless the queue is closed. A short one is written as a
// whole or not at all; of a long one only the last frame makes it an item.
func (l *Link) write(ctx context.Context, number uint64, v frame.Value) error {
	if err := l.beginPut(); err != nil {
		return err
	}
	defer l.endPut()
	last := frame.Frame{Kind: kindPut, ID: number, Value: v}
	if inParts(ctx, v) {
		for at := 0; at < len(v.Data); at += partSize {
			part := v.Data[at:min(at+partSize, len(v.Data))]
			if err := l.send(ctx, frame.Frame{Kind: kindPart, ID: number, Value: frame.Value{Data: part}}); err != nil {
				return err
			}
		}
		last.Kind, last.Data = kindPutParts, nil
	}
	return l.send(ctx, last)
}

// inParts: the pipe may be full when ctx ends, and take a part of the item only.
func inParts(ctx context.Context, v frame.Value) bool {
	return len(v.Data) > frame.AtOnce && ctx.Done() != nil
}

func (l *Link) number() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.made++
	return l.made
}

func (l *Link) send(ctx context.Context, f frame.Frame) error {
	err := l.out.Send(ctx, f)
	if err != nil && err != ctx.Err() {
		return errOwnerGone
	}
	return err
}

// post sends a frame without keeping the caller: at once, or as soon as the
// pipe has room.
func (l *Link) post(f frame.Frame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.postLocked(f)
}

func (l *Link) postLocked(f frame.Frame) {
	if !l.writing {
		if sent, err := l.out.TrySend(f); sent || err != nil {
			return
		}
		l.writing = true
		go l.writeOutbox()
	}
	l.outbox = append(l.outbox, f)
}

func (l *Link) writeOutbox() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.outbox) > 0 {
		frames := l.outbox
		l.outbox = nil
		l.mu.Unlock()
		l.out.SendAll(frames)
		l.mu.Lock()
	}
	l.writing = false
}

// call sends a request and waits for the reply. When ctx ends first, the parent
// is told that nobody waits any more.
func (l *Link) call(ctx context.Context, k frame.Kind, v frame.Value) (int, error) {
	_, n, err := l.callNumbered(ctx, k, v)
	return n, err
}

func (l *Link) reserveCall(ctx context.Context, try bool) (id uint64, err error) {
	id, _, err = l.callNumbered(ctx, pick(try, kindTryRoom, kindRoom), frame.Value{})
	return id, err
}

func (l *Link) callNumbered(ctx context.Context, k frame.Kind, v frame.Value) (id uint64, n int, err error) {
	id, replied, err := l.begin(ctx, k, v)
	if err != nil {
		l.post(frame.Frame{Kind: kindCancel, ID: id}) // a part of it may have been written
		return id, 0, err
	}
	select {
	case r := <-replied:
		return id, r.n, r.err
	case <-ctx.Done():
	}
	l.post(frame.Frame{Kind: kindCancel, ID: id})
	return id, 0, l.lastWord(ctx, k, replied)
}

// lastWord is what a call whose context has ended returns. An item that was
// offered may be in already: so wait for the reply, but not for long, because the
// parent may be suspended.
func (l *Link) lastWord(ctx context.Context, k frame.Kind, replied <-chan reply) error {
	if k != kindOffer {
		return ctx.Err()
	}
	select {
	case r := <-replied:
		if r.err == context.Canceled {
			return ctx.Err()
		}
		return r.err
	case <-time.After(time.Second):
		return ctx.Err()
	}
}

// begin sends a request.
func (l *Link) begin(ctx context.Context, k frame.Kind, v frame.Value) (id uint64, replied chan reply, err error) {
	replied = make(chan reply, 1)
	l.mu.Lock()
	if l.ended == errOwnerGone {
		l.mu.Unlock()
		return 0, nil, errOwnerGone
	}
	l.made++
	id = l.made
	l.calls[id] = replied
	l.mu.Unlock()
	if err := l.send(ctx, frame.Frame{Kind: k, ID: id, Value: v}); err != nil {
		l.mu.Lock()
		delete(l.calls, id)
		l.mu.Unlock()
		return id, nil, err
	}
	return id, replied, nil
}

// reserve and release are for a Server, and a Server relays a child's item as
// a whole: see Server.put.
func (l *Link) reserve(context.Context, bool) error { return frame.ErrBroken }
func (l *Link) release()                            {}

func (l *Link) want(n int, local bool, got func([]Item, error)) (withdraw func()) {
	t := &taker{n, local, got}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case local && len(l.ours) > 0:
		got(l.ours[:1:1], nil)
		l.ours = l.ours[1:]
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

func (l *Link) forget(t *taker) {
	l.takers = slices.DeleteFunc(l.takers, func(o *taker) bool { return o == t })
}

// request asks for items, unless that has been done. Call it with mu held.
func (l *Link) request() {
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
	l.postLocked(frame.Frame{Kind: kindWant, ID: uint64(max(l.welcome, len(l.takers), l.takers[0].n))})
}

func (l *Link) tryTake() (it Item, err error) {
	got := make(chan answer, 1)
	t := &taker{1, false, func(lot []Item, err error) { got <- answer{lot, err} }}
	l.mu.Lock()
	if len(l.fetched) > 0 {
		it, l.fetched = l.fetched[0], l.fetched[1:]
		l.mu.Unlock()
		return it, nil
	}
	l.takers = append(l.takers, t)
	l.mu.Unlock()
	_, err = l.call(context.Background(), kindTryWant, frame.Value{})
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
// also be killed, so then the owner has to answer.
func (l *Link) tell(ctx context.Context, what frame.Kind, it Item) error {
	select {
	case <-l.ready:
	case <-ctx.Done():
		l.putBack(it)
		return ctx.Err()
	}
	if what == kindReturn {
		it.Value.Data = append(binary.LittleEndian.AppendUint64(nil, it.ID), it.Value.Data...)
		_, err := l.call(ctx, kindReturn, it.Value)
		return err
	}
	if !l.relayed {
		err := l.send(ctx, frame.Frame{Kind: what, ID: it.ID})
		if err != nil && what == kindTaken {
			l.putBack(it)
		}
		return err
	}
	_, replied, err := l.begin(ctx, kindTell, frame.Value{Data: encodeTell(what, it.ID)})
	if err != nil {
		l.putBack(it)
		return err
	}
	select {
	case r := <-replied:
		return r.err
	case <-ctx.Done():
		l.undoing.Go(func() { l.keep(it, replied) })
		return ctx.Err()
	}
}

// putBack is for an item that a Get has not taken after all.
func (l *Link) putBack(it Item) { l.post(frame.Frame{Kind: kindBack, ID: it.ID}) }

// keep has an item whose Get has ended before the owner answered. Once the owner
// counts it as taken, the next Get here returns it.
func (l *Link) keep(it Item, replied <-chan reply) {
	if r := <-replied; r.err != nil {
		return
	}
	it.taken = true
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.IndexFunc(l.takers, func(t *taker) bool { return t.local }); i >= 0 {
		t := l.takers[i]
		l.takers = slices.Delete(l.takers, i, i+1)
		t.got([]Item{it}, nil)
		return
	}
	l.ours = append(l.ours, it)
}

// takeOurs returns an item that an earlier Get here has taken and not returned.
func (l *Link) takeOurs() (it Item, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.ours) == 0 {
		return it, false
	}
	it, l.ours = l.ours[0], l.ours[1:]
	return it, true
}

// Settle gives back what Gets have taken and not returned. Call it when the
// process has come to its end.
func (l *Link) Settle() {
	l.undoing.Wait()
	l.mu.Lock()
	ours := l.ours
	l.ours = nil
	l.mu.Unlock()
	if l.joinable { // the owner still has them, and they come back with the end of this process
		return
	}
	for _, it := range ours {
		l.tell(context.Background(), kindReturn, it)
	}
}

// Len asks the owner how many items have not been taken.
func (l *Link) Len(ctx context.Context) (int, error) { return l.call(ctx, kindLen, frame.Value{}) }

// Join waits until the owner says that no item is unfinished.
func (l *Link) Join(ctx context.Context) error {
	_, err := l.call(ctx, kindJoin, frame.Value{})
	return err
}

// Close lets the owner close the queue.
func (l *Link) Close() error {
	l.stopPuts()
	_, err := l.call(context.Background(), kindClose, frame.Value{})
	return err
}

func (l *Link) beginPut() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	l.putting++
	return nil
}

func (l *Link) endPut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.putting--; l.closed && l.putting == 0 {
		close(l.quiet)
	}
}

// stopPuts returns when no Put is being written, and none will be.
func (l *Link) stopPuts() {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		if l.putting == 0 {
			close(l.quiet)
		}
	}
	l.mu.Unlock()
	<-l.quiet
}

// Listen hears what the parent says, until it ends.
func (l *Link) Listen(from io.Reader) {
	in := frame.NewReader(from)
	for {
		f, err := in.Next()
		if err != nil {
			l.end(errOwnerGone)
			l.abandon()
			return
		}
		switch f.Kind {
		case kindTerms:
			l.learn(decodeTerms(f.Data))
		case kindMore, kindItem, kindTried:
			l.arrive(Item{ID: f.ID, Value: f.Value}, f.Kind)
		case kindReply:
			l.replied(f)
		case kindEnd:
			l.end(io.EOF)
		case kindClosing:
			l.stopPuts()
			l.giveBack(f)
		case kindSync:
			l.giveBack(f)
		}
	}
}

// learn begins the Puts.
func (l *Link) learn(t terms) {
	select {
	case <-l.ready: // only a parent that talks nonsense says it twice
		return
	default:
	}
	if t.closed {
		l.stopPuts()
	}
	l.bounded, l.relayed = t.bounded, t.relayed
	close(l.ready)
}

// arrive gives an item to somebody who waits. The rest of a batch is kept for
// those that come next; but if nobody waits any more, the batch goes back.
func (l *Link) arrive(it Item, k frame.Kind) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case len(l.takers) > 0:
		t := l.takers[0]
		l.takers = l.takers[1:]
		l.served = l.served || k != kindTried
		t.got([]Item{it}, nil)
	case l.served && k != kindTried:
		l.fetched = append(l.fetched, it)
	default:
		l.postLocked(frame.Frame{Kind: kindBack, ID: it.ID})
	}
	if k == kindItem {
		l.asking, l.served = false, false
		l.request()
	}
}

func (l *Link) replied(f frame.Frame) {
	var r reply
	r.n, r.err = decodeReply(f.Data)
	l.mu.Lock()
	defer l.mu.Unlock()
	if replied := l.calls[f.ID]; replied != nil {
		delete(l.calls, f.ID)
		replied <- r
	}
}

// giveBack returns what nobody here has taken, and says when that is done, here
// and in the children that have the queue.
func (l *Link) giveBack(f frame.Frame) {
	l.mu.Lock()
	for _, it := range l.fetched {
		l.postLocked(frame.Frame{Kind: kindBack, ID: it.ID})
	}
	l.fetched = nil
	l.mu.Unlock()
	answer := func() { l.post(frame.Frame{Kind: kindSynced, ID: f.ID}) }
	if len(l.list()) == 0 {
		answer()
		return
	}
	go func() { // ends when they have answered, or ended
		l.sync(context.Background(), f.Kind)
		answer()
	}()
}

func (l *Link) end(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = why
	for _, t := range l.takers {
		t.got(nil, why)
	}
	l.takers = nil
}

// abandon ends all calls, for nobody will reply.
func (l *Link) abandon() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, replied := range l.calls {
		replied <- reply{err: errOwnerGone}
	}
	clear(l.calls)
	select {
	case <-l.ready:
	default:
		close(l.ready) // the next Put will find nobody
	}
}
