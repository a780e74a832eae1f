package lend

import (
	"context"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"processbook/mp/internal/frame"
)

// A Link is a queue as a child sees it: it asks the parent for everything.
//
// The parent sends items before they are needed. A Get that finds no item
// asks for some: one for a slow consumer, and twice as many each time for a
// fast one. If another consumer waits, the parent takes back the items that
// are not taken.
type Link struct {
	servers
	terms  Terms
	out    *frame.Writer // to the parent
	calls  calls         // those of this process that have no reply
	open   chan struct{} // closed when the parent can be told of Puts
	gaveUp atomic.Bool   // set when a Get has given back an item that the owner may count as taken

	mu      sync.Mutex // guards the fields below
	quiet   *sync.Cond // signalled when putting becomes 0
	closing bool       // set when nothing more may be put
	putting int        // how many Puts are being written
	fetched []Item     // items that have arrived and are not taken
	takers  []*taker   // wait for an item; there are some only when nothing is fetched
	asking  bool       // set from kindWant until its batch has arrived
	welcome int        // how many items the last kindWant asked for
	asked   time.Time  // when they were asked for
	served  bool       // set when a Get that waited has got an item of this batch
	refused bool       // set when an older item has gone back: the rest of this batch goes back, too
	ended   error      // why no more items come: io.EOF, or errOwnerGone
}

const (
	prompt   = 5 * time.Millisecond // a consumer that is back within this time asks for twice as many items
	partSize = 32 << 10             // of a long item
)

// An item of this size, and the kindHeard after it, are written as a whole or not
// at all.
var short = frame.AtOnce - 100

// NewLink returns a Link over a pipe in each direction. Listen hears what the
// parent says: call it in a goroutine, which ends with the parent.
func NewLink(to io.Writer, terms Terms) *Link {
	l := &Link{terms: terms, out: frame.NewWriter(to), open: make(chan struct{})}
	l.quiet = sync.NewCond(&l.mu)
	return l
}

// Terms are those for a child.
func (l *Link) Terms() Terms { return l.terms | relayed }

func (l *Link) closed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closing
}

// Put adds an item. If the parent is the owner, the item is in the queue as soon as
// it is written, because the owner reads each pipe to its end. Otherwise Put waits
// until the owner has heard of the item. If ctx ends before that, Put still waits a
// little, because the item may be in the queue.
func (l *Link) Put(ctx context.Context, v frame.Value, try bool) (err error) {
	select {
	case <-l.open:
	case <-ctx.Done():
		return ctx.Err()
	}
	number := uint64(0) // if the Put has to be given up
	switch {
	case l.closed():
		return ErrClosed
	case ctx.Err() != nil:
		return ctx.Err()
	case l.terms&bounded != 0:
		if number, err = l.reserve(ctx, try); err != nil {
			return err
		}
	case mayBreakOff(ctx, v):
		number, _ = l.calls.begin()
		defer l.calls.forget(number)
	}
	heard, err := l.write(ctx, number, v)
	if err == nil {
		_, err = wait(ctx, heard, time.Second)
	} else if number > 0 {
		l.release(number)
	}
	return err
}

// write writes an item, unless the queue is closed. Only its last frame, which
// is written as a whole or not at all, makes it an item.
func (l *Link) write(ctx context.Context, number uint64, v frame.Value) (heard <-chan frame.Value, err error) {
	if err := l.beginPut(); err != nil {
		return nil, err
	}
	defer l.endPut()
	for mayBreakOff(ctx, v) {
		n := min(partSize, len(v.Data))
		if err := l.send(ctx, frame.Frame{Kind: kindPart, ID: number, Value: frame.Value{Data: v.Data[:n]}}); err != nil {
			return nil, err
		}
		v.Data = v.Data[n:]
	}
	return l.say(ctx, frame.Frame{Kind: kindPut, ID: number, Value: v})
}

// mayBreakOff: if the pipe is full when ctx ends, it may take only a part of the item.
func mayBreakOff(ctx context.Context, v frame.Value) bool {
	return len(v.Data) > short && ctx.Done() != nil
}

func (l *Link) send(ctx context.Context, frames ...frame.Frame) error {
	err := l.out.Send(ctx, frames...)
	if err != nil && err != ctx.Err() {
		return errOwnerGone
	}
	return err
}

// say sends a message that must not be lost. There is a reply when the owner will
// hear of the message even if this process is killed now. If the parent is the
// owner, that is so as soon as the message is written, because the owner reads a
// child's pipe to its end. Then heard is nil. But a process in between might also
// be killed.
func (l *Link) say(ctx context.Context, frames ...frame.Frame) (heard <-chan frame.Value, err error) {
	if l.terms&relayed == 0 {
		return nil, l.send(ctx, frames...)
	}
	number, heard := l.calls.begin()
	err = l.send(ctx, append(frames, frame.Frame{Kind: kindHeard, ID: number})...)
	if err != nil {
		l.calls.forget(number)
	}
	return heard, err
}

// wait waits for a reply. When ctx has ended, it still waits a little. If replied
// is nil, there will be no reply, and wait returns at once.
func wait(ctx context.Context, replied <-chan frame.Value, more time.Duration) (v frame.Value, err error) {
	if replied == nil {
		return v, nil
	}
	there := true
	select {
	case v, there = <-replied:
	case <-ctx.Done():
		select {
		case v, there = <-replied:
		case <-time.After(more):
			return v, ctx.Err()
		}
	}
	if !there {
		return v, errOwnerGone
	}
	return v, refusal(v)
}

// call sends a request and waits for the reply. If ctx ends first, it tells the
// parent that the reply is not wanted any more.
func (l *Link) call(ctx context.Context, k frame.Kind) (number uint64, v frame.Value, err error) {
	number, replied := l.calls.begin()
	if err = l.send(ctx, frame.Frame{Kind: k, ID: number}); err == nil {
		v, err = wait(ctx, replied, 0)
	}
	if err != nil && err == ctx.Err() {
		l.calls.forget(number)
		l.release(number)
	}
	return number, v, err
}

func (l *Link) reserve(ctx context.Context, try bool) (room uint64, err error) {
	k := kindRoom
	if try {
		k = kindTryRoom
	}
	room, _, err = l.call(ctx, k)
	return room, err
}

func (l *Link) release(number uint64) { l.out.Post(frame.Frame{Kind: kindCancel, ID: number}) }

func (l *Link) put(room uint64, v frame.Value) {
	l.out.Post(frame.Frame{Kind: kindPut, ID: room, Value: v})
}

func (l *Link) tell(what frame.Kind, id uint64) { l.out.Post(frame.Frame{Kind: what, ID: id}) }

func (l *Link) heard(ctx context.Context) error { return l.sayAndWait(ctx) }

// sayAndWait returns when the owner will hear of the messages.
func (l *Link) sayAndWait(ctx context.Context, frames ...frame.Frame) error {
	heard, err := l.say(ctx, frames...)
	if err == nil {
		_, err = wait(ctx, heard, 0)
	}
	return err
}

func (l *Link) want(n int, got func([]Item, error)) (withdraw func()) {
	t := &taker{n, got}
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
		defer l.mu.Unlock()
		l.takers = slices.DeleteFunc(l.takers, func(o *taker) bool { return o == t })
	}
}

// request asks for items, unless it has asked already. Call it with mu held.
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
	l.out.Post(frame.Frame{Kind: kindWant, ID: uint64(max(l.welcome, len(l.takers), l.takers[0].n))})
}

func (l *Link) takeNow() (it Item, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.fetched) == 0 {
		return it, ErrEmpty
	}
	it, l.fetched = l.fetched[0], l.fetched[1:]
	return it, nil
}

func (l *Link) tryTake() (it Item, err error) {
	if it, err = l.takeNow(); err == nil {
		return it, nil
	}
	_, v, err := l.call(context.Background(), kindTryWant)
	if err == nil {
		it.ID, it.Value, err = splitNumber(v)
	}
	return it, err
}

// take tells the owner that an item is taken, or, if it can never come back, that
// it is done. If ctx ends first, the item goes back.
func (l *Link) take(ctx context.Context, id uint64) error {
	what := kindTaken
	if l.terms&(Joinable|relayed) == 0 {
		what = kindDone
	}
	err := l.sayAndWait(ctx, frame.Frame{Kind: what, ID: id})
	if err != nil {
		l.undo(id)
	} else if l.terms&(Joinable|relayed) == relayed {
		l.tell(kindDone, id)
	}
	return err
}

// undo gives an item back. The next Get must not find newer items here. (If the
// owner is not the parent, it may: from so far away, items that always go back
// would never be there in time for a Get with a short timeout.)
func (l *Link) undo(id uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gaveUp.Store(true)
	l.tell(kindBack, id)
	if l.terms&relayed == 0 {
		l.refused = l.asking
		l.returnFetched()
	}
}

// Flush returns when the owner will hear of all that was given back, even if
// this process ends now.
func (l *Link) Flush() {
	if l.gaveUp.Load() {
		l.heard(context.Background())
	}
}

// Len asks the owner how many items have not been taken.
func (l *Link) Len(ctx context.Context) (int, error) {
	_, v, err := l.call(ctx, kindLen)
	if err != nil {
		return 0, err
	}
	n, _, err := splitNumber(v)
	return int(n), err
}

// Join waits until the owner says that no item is unfinished.
func (l *Link) Join(ctx context.Context) error {
	_, _, err := l.call(ctx, kindJoin)
	return err
}

// Close lets the owner close the queue.
func (l *Link) Close() error {
	l.stopPuts()
	_, _, err := l.call(context.Background(), kindClose)
	return err
}

func (l *Link) beginPut() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closing {
		return ErrClosed
	}
	l.putting++
	return nil
}

func (l *Link) endPut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.putting--; l.putting == 0 {
		l.quiet.Broadcast()
	}
}

// stopPuts returns when no Put is being written, and none will be.
func (l *Link) stopPuts() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closing = true
	for l.putting > 0 {
		l.quiet.Wait()
	}
}

// Listen hears what the parent says, until the parent ends.
func (l *Link) Listen(from io.Reader) {
	opened := sync.OnceFunc(func() { close(l.open) })
	in := frame.NewReader(from)
	for {
		f, err := in.Next()
		if err != nil {
			l.end(errOwnerGone)
			l.calls.end()
			opened() // the next Put fails
			return
		}
		switch f.Kind {
		case kindOpen:
			opened()
		case kindMore, kindItem:
			l.arrive(Item{ID: f.ID, Value: f.Value}, f.Kind == kindItem)
		case kindReply:
			l.calls.reply(f.ID, f.Value)
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

// arrive gives an item to a Get that waits. The rest of the batch is kept for the
// next Gets. But if no Get waited for the batch, all of it goes back.
func (l *Link) arrive(it Item, last bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.refused:
		l.tell(kindBack, it.ID)
	case len(l.takers) > 0:
		t := l.takers[0]
		l.takers = l.takers[1:]
		l.served = true
		t.got([]Item{it}, nil)
	case l.served:
		l.fetched = append(l.fetched, it)
	default:
		l.refused = true
		l.tell(kindBack, it.ID)
	}
	if last {
		l.asking, l.served, l.refused = false, false, false
		l.request()
	}
}

// giveBack returns the items that no Get of this process has taken, and answers
// when this process and its children that have the queue have done so.
func (l *Link) giveBack(f frame.Frame) {
	l.mu.Lock()
	l.returnFetched()
	l.mu.Unlock()
	answer := func() { l.out.Post(frame.Frame{Kind: kindSynced, ID: f.ID}) }
	if len(l.list()) == 0 {
		answer()
		return
	}
	go func() { // this goroutine ends when the children have answered, or ended
		l.sync(context.Background(), f.Kind)
		answer()
	}()
}

// returnFetched returns the items that no Get of this process has taken. Call it
// with mu held.
func (l *Link) returnFetched() {
	for _, it := range l.fetched {
		l.tell(kindBack, it.ID)
	}
	l.fetched = nil
}

// end tells the Gets that wait why there will be no more items.
func (l *Link) end(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = why
	for _, t := range l.takers {
		t.got(nil, why)
	}
	l.takers = nil
}
