package mp

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
	"sync"
)

// A server gives one child its share of a queue, over two pipes that nobody
// else has. What it lends to the child comes back when the child ends, and
// nobody else notices more than that.
type server[T any] struct {
	q        holder[T]
	joinable bool
	child    *Process
	withdraw func()        // the child's want
	posted   chan struct{} // something is in outbox, or all is over

	mu     sync.Mutex
	outbox []note[T] // for the child, in the order in which things happened
	hungry bool      // the child has asked, and has got nothing yet
	loans  []loan    // items that may still come back, in the order of lending
	first  uint64    // of the last batch: what a waiting Get will take at once
	calls  map[uint64]context.CancelFunc
	syncs  map[uint64]chan struct{} // closed when the child has answered, or ended
	asked  uint64                   // syncs so far
	again  bool                     // somebody waited while one was unanswered
	gone   bool                     // the child has ended
	over   bool                     // and its loans are back
}

type loan struct {
	id    uint64
	taken bool
}

// A note is a frame that waits to be sent.
type note[T any] struct {
	kind kind
	id   uint64
	item *item[T]
	body []byte
}

// serve looks after a child's link to the queue, in two goroutines, which end
// when the child ends. The child does not count as ended before: so Join waits
// until all that it has put is here.
func serve[T any](q *Queue[T], child *Process, from, to *os.File) {
	s := newServer(q, child)
	child.guests.Add(2)
	go func() {
		defer child.guests.Done()
		defer to.Close()
		s.write(newSender(to))
	}()
	go func() {
		defer child.guests.Done()
		defer from.Close()
		defer s.end() // also after a runtime.Goexit in an item's own GobDecode
		s.read(newReceiver(from))
	}()
}

func newServer[T any](q *Queue[T], child *Process) *server[T] {
	s := &server[T]{
		q: q.holder, joinable: q.joinable, child: child,
		withdraw: func() {},
		posted:   make(chan struct{}, 1),
		calls:    map[uint64]context.CancelFunc{},
		syncs:    map[uint64]chan struct{}{},
	}
	s.q.enlist(s)
	return s
}

func (s *server[T]) post(n ...note[T]) {
	s.mu.Lock()
	s.outbox = append(s.outbox, n...)
	s.mu.Unlock()
	s.wake()
}

func (s *server[T]) wake() {
	select {
	case s.posted <- struct{}{}:
	default:
	}
}

// write sends what is in the outbox, all at once.
func (s *server[T]) write(out *sender) {
	for range s.posted {
		s.mu.Lock()
		notes, gone := s.outbox, s.gone
		s.outbox = nil
		s.mu.Unlock()
		if gone {
			return
		}
		out.mu.Lock()
		for _, n := range notes {
			n.addTo(out)
		}
		out.flush() // if it fails, the child is gone, and read will see it
		out.mu.Unlock()
	}
}

// addTo adds the note to those that the next flush sends. A value that cannot
// be encoded, or was not decoded, becomes an error of the Get that gets it.
func (n note[T]) addTo(out *sender) {
	if n.item == nil {
		out.add(n.kind, n.id, &n.body)
		return
	}
	err := n.item.err
	if err == nil {
		err = out.add(n.kind, n.id, &n.item.value)
	}
	if err != nil {
		out.addError(n.kind, n.id, err)
	}
}

// read does what the child asks for, until it ends. It never waits for this
// child to read, so the child never waits for ever to be heard.
func (s *server[T]) read(in *receiver) {
	for {
		f, err := in.next()
		if err != nil {
			if err != io.EOF && err != io.ErrUnexpectedEOF {
				s.child.Kill() // it does not speak our language
			}
			return
		}
		switch f.kind {
		case msgPut, msgOffer, msgTryOffer:
			var v T
			err := in.decode(f, &v)
			s.receive(f, v, err)
		case msgWant:
			s.withdraw()
			s.setHungry(s.joinable || !s.q.terms().Closed)
			s.withdraw = s.q.want(int(min(max(f.id, 1), maxWant)), s.deliver)
		case msgTaken, msgBack, msgDone:
			s.told(f.kind, f.id)
		case msgTell:
			s.call(f.id, func(context.Context) (int, error) { return 0, s.toldSafely(f.body) })
		case msgTryWant:
			s.call(f.id, func(context.Context) (int, error) { return 0, s.try() })
		case msgLen:
			s.call(f.id, s.q.count)
		case msgJoin:
			s.call(f.id, func(ctx context.Context) (int, error) { return 0, s.q.join(ctx) })
		case msgClose:
			s.call(f.id, func(context.Context) (int, error) { return 0, s.q.close() })
		case msgCancel:
			s.cancel(f.id)
		case msgSynced:
			s.synced(f.id)
		default:
			s.child.Kill()
			return
		}
	}
}

// receive puts the child's item. A msgPut has happened, whatever comes of it;
// of the others the child wants to hear.
func (s *server[T]) receive(f frame, v T, err error) {
	if owner, ok := s.q.(*store[T]); ok && f.kind == msgPut {
		owner.arrive(v, err)
		return
	}
	s.call(f.id, func(ctx context.Context) (int, error) {
		if err != nil {
			return 0, err
		}
		return 0, s.q.put(ctx, v, f.kind == msgTryOffer)
	})
}

// call does what may have to wait, in a goroutine that ends when it is done,
// when the child no longer wants it, or when the child ends.
func (s *server[T]) call(id uint64, do func(context.Context) (int, error)) {
	ctx, cancel := context.WithCancel(context.Background())
	s.mu.Lock()
	s.calls[id] = cancel
	s.mu.Unlock()
	go func() {
		n, err := do(ctx)
		s.cancel(id)
		s.post(note[T]{kind: msgReply, id: id, body: encodeReply(n, err)})
	}()
}

func (s *server[T]) cancel(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel := s.calls[id]; cancel != nil {
		cancel()
		delete(s.calls, id)
	}
}

// setHungry lets Main know what the child may be waiting for.
func (s *server[T]) setHungry(now bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hungry != now {
		s.hungry = now
		s.child.hungry.Add(int32(bit(now)) - int32(bit(!now)))
	}
}

// deliver lends the child a batch, or tells it that there will be none. The
// holder's lock is held: so whoever asks the child afterwards to give back
// what it can, is heard by the child after this.
func (s *server[T]) deliver(lot []item[T], err error) {
	s.setHungry(false)
	if err == io.EOF {
		s.post(note[T]{kind: msgEnd})
	}
	if err != nil { // the holder's parent is gone: this process and the child will follow
		return
	}
	s.mu.Lock()
	s.first = lot[0].id
	for i := range lot {
		n := note[T]{kind: msgMore, id: lot[i].id, item: &lot[i]}
		if i == len(lot)-1 {
			n.kind = msgItem
		}
		s.loans = append(s.loans, loan{id: n.id})
		s.outbox = append(s.outbox, n)
	}
	s.mu.Unlock()
	s.wake()
}

// try lends the child one item, if there is one.
func (s *server[T]) try() error {
	it, err := s.q.tryTake()
	if err != nil {
		return err
	}
	s.mu.Lock()
	gone := s.gone
	if !gone {
		s.loans = append(s.loans, loan{id: it.id})
		s.outbox = append(s.outbox, note[T]{kind: msgTried, id: it.id, item: &it})
	}
	s.mu.Unlock()
	if gone {
		return s.q.tell(msgBack, it.id)
	}
	return nil
}

// told passes on what the child says of a loan, and of nothing else.
func (s *server[T]) told(what kind, id uint64) error {
	s.mu.Lock()
	i := slices.IndexFunc(s.loans, func(l loan) bool { return l.id == id })
	known := i >= 0 && (what == msgBack || what == msgTaken && !s.loans[i].taken || what == msgDone && s.loans[i].taken)
	if known {
		if what == msgTaken && s.joinable {
			s.loans[i].taken = true
		} else {
			s.loans = slices.Delete(s.loans, i, i+1)
		}
	}
	s.mu.Unlock()
	if !known {
		return nil
	}
	return s.q.tell(what, id)
}

// toldSafely is told for a child that waits for the answer.
func (s *server[T]) toldSafely(about []byte) error {
	if len(about) != 9 {
		return errBroken
	}
	return s.told(kind(about[0]), binary.LittleEndian.Uint64(about[1:]))
}

// recall asks for what the child has been sent beyond what it was waiting for.
// While it has not answered, it is not asked once more, but after that.
func (s *server[T]) recall() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.again = len(s.syncs) > 0
	if !s.again && slices.ContainsFunc(s.loans, func(l loan) bool { return !l.taken && l.id != s.first }) {
		s.askLocked(msgSync)
	}
}

// ask sends msgSync or msgClosing; the channel is closed at the answer.
func (s *server[T]) ask(kind kind) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.askLocked(kind)
}

func (s *server[T]) askLocked(kind kind) <-chan struct{} {
	answered := make(chan struct{})
	if s.over {
		close(answered)
		return answered
	}
	s.asked++
	s.syncs[s.asked] = answered
	s.outbox = append(s.outbox, note[T]{kind: kind, id: s.asked})
	s.wake()
	return answered
}

func (s *server[T]) synced(id uint64) {
	s.mu.Lock()
	if answered := s.syncs[id]; answered != nil {
		close(answered)
		delete(s.syncs, id)
	}
	again := s.again
	s.mu.Unlock()
	if again {
		s.recall()
	}
}

// end puts what the child had been lent back to the front.
func (s *server[T]) end() {
	s.withdraw()
	s.mu.Lock()
	s.gone = true
	loans := s.loans
	s.loans = nil
	for _, cancel := range s.calls {
		cancel()
	}
	s.mu.Unlock()
	s.wake()
	for _, l := range loans {
		s.q.tell(msgBack, l.id)
	}
	s.mu.Lock()
	s.over = true
	for _, answered := range s.syncs {
		close(answered)
	}
	s.syncs = nil
	s.mu.Unlock()
	s.q.dismiss(s)
}

// servers are those who serve one holder's children.
type servers[T any] struct {
	desk sync.Mutex
	all  []*server[T]
}

func (g *servers[T]) enlist(s *server[T]) {
	g.desk.Lock()
	g.all = append(g.all, s)
	g.desk.Unlock()
	if s.q.terms().Closed {
		s.ask(msgClosing)
	}
}

func (g *servers[T]) dismiss(s *server[T]) {
	g.desk.Lock()
	g.all = slices.DeleteFunc(g.all, func(o *server[T]) bool { return o == s })
	g.desk.Unlock()
}

func (g *servers[T]) list() []*server[T] {
	g.desk.Lock()
	defer g.desk.Unlock()
	return slices.Clone(g.all)
}

// sync asks all children to give back what they have not taken, and waits for
// their answers: by then, what they put before has arrived.
func (g *servers[T]) sync(ctx context.Context, kind kind) error {
	var answers []<-chan struct{}
	for _, s := range g.list() {
		answers = append(answers, s.ask(kind))
	}
	for _, answered := range answers {
		select {
		case <-answered:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// recall asks those children that have more than they can use at the moment,
// and does not wait.
func (g *servers[T]) recall() {
	for _, s := range g.list() {
		s.recall()
	}
}

var errBroken = errors.New("mp: a broken message")

// A reply is a code, a number and a text.
var replyCodes = []error{nil, ErrClosed, ErrFull, ErrEmpty, io.EOF, context.Canceled}

func encodeReply(n int, err error) []byte {
	code := slices.Index(replyCodes, err)
	b := binary.LittleEndian.AppendUint64([]byte{byte(code)}, uint64(n))
	if code < 0 {
		b = append(b, err.Error()...)
	}
	return b
}

func decodeReply(b []byte) (n int, err error) {
	if len(b) < 9 {
		return 0, errBroken
	}
	n = int(binary.LittleEndian.Uint64(b[1:]))
	if code := int(b[0]); code < len(replyCodes) {
		return n, replyCodes[code]
	}
	return n, errors.New(string(b[9:]))
}
