package lend

import (
	"context"
	"encoding/binary"
	"io"
	"os"
	"slices"
	"sync"

	"processbook/mp/internal/frame"
)

// A Child is the process that a Server serves.
type Child interface {
	Kill() error
	Waiting(change int) // so many more of its Gets wait for an item
}

// A Server gives one child its share of a queue. What it lends to the child
// comes back when the child ends, and nobody else notices more than that.
type Server struct {
	h        Holder
	joinable bool
	child    Child
	withdraw func()            // takes back the child's last want; only Read uses it
	parts    map[uint64][]byte // of long items, by put; only Read uses it
	later    []deferred        // calls that have not begun; only Read uses it
	posted   chan struct{}     // something is in outbox, or the child has ended

	mu      sync.Mutex
	outbox  []frame.Frame                 // for the child, in the order in which things happened
	blocked bool                          // the child waits for an item
	loans   []loan                        // items that may still come back, in the order of lending
	first   uint64                        // of the last batch: what a waiting Get will take at once
	calls   map[uint64]context.CancelFunc // not answered
	rooms   map[uint64]bool               // granted to these calls, and not used
	syncs   map[uint64]chan struct{}      // closed when the child has answered, or ended
	asked   uint64                        // syncs so far
	again   bool                          // somebody waited while one was unanswered
	ended   bool                          // the child has ended
	over    bool                          // and its loans are back
}

// A loan is an item that the child has not done with.
type loan struct {
	id    uint64
	taken bool
}

// NewServer returns a Server for a child that starts with the queue. Read and
// Write do its work, until the child ends. Call Open when the child is there.
func NewServer(h Holder, joinable bool, child Child) *Server {
	return &Server{
		h: h, joinable: joinable, child: child,
		withdraw: func() {},
		posted:   make(chan struct{}, 1),
		calls:    map[uint64]context.CancelFunc{},
		rooms:    map[uint64]bool{},
		parts:    map[uint64][]byte{},
		syncs:    map[uint64]chan struct{}{},
	}
}

// Open lets the child put items. It enlists the child before it looks whether the
// queue is closed: so a Close that it does not see asks this child also.
func (s *Server) Open() {
	s.h.enlist(s)
	t := s.h.terms()
	s.post(frame.Frame{Kind: kindTerms, Value: frame.Value{Data: encodeTerms(t)}})
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over { // it has ended in the meantime
		s.h.dismiss(s)
	}
}

func (s *Server) post(f ...frame.Frame) {
	s.mu.Lock()
	s.outbox = append(s.outbox, f...)
	s.mu.Unlock()
	s.wake()
}

func (s *Server) wake() {
	select {
	case s.posted <- struct{}{}:
	default:
	}
}

// Write sends what is in the outbox, all at once, until the child ends.
func (s *Server) Write(to *os.File) {
	defer to.Close()
	out := frame.NewWriter(to)
	for range s.posted {
		s.mu.Lock()
		frames, ended := s.outbox, s.ended
		s.outbox = nil
		s.mu.Unlock()
		if ended {
			return
		}
		out.SendAll(frames) // if it fails, the child is gone, and Read will see it
	}
}

// Read does what the child asks for, until it ends. It never waits for this
// child to read, so the child never waits forever to be heard.
func (s *Server) Read(from io.ReadCloser) {
	defer from.Close()
	defer s.end()
	in := frame.NewReader(from)
	for {
		f, err := in.Next()
		if err == nil {
			err = s.obey(f)
		}
		if err != nil || !in.Ready() {
			s.beginCalls()
		}
		if err != nil {
			if err != io.EOF && err != io.ErrUnexpectedEOF {
				s.child.Kill() // it does not speak our language
			}
			return
		}
	}
}

func (s *Server) obey(f frame.Frame) error {
	just := func(do func(context.Context) error) error { // a call without a number in its reply
		return s.call(f.ID, func(ctx context.Context) (int, error) { return 0, do(ctx) })
	}
	switch f.Kind {
	case kindPart:
		return s.part(f)
	case kindPut, kindPutParts:
		return s.put(f)
	case kindOffer, kindTryOffer:
		return just(func(ctx context.Context) error { return s.h.Put(ctx, f.Value, f.Kind == kindTryOffer) })
	case kindRoom, kindTryRoom:
		return just(func(ctx context.Context) error { return s.room(ctx, f.ID, f.Kind == kindTryRoom) })
	case kindWant:
		s.withdraw()
		s.block(s.joinable || !s.h.terms().closed)
		s.withdraw = s.h.want(int(min(max(f.ID, 1), maxWant)), false, s.deliver)
	case kindTaken, kindBack, kindDone:
		s.told(context.Background(), f.Kind, f.ID)
	case kindTell:
		return just(func(ctx context.Context) error { return s.toldSafely(ctx, f.Data) })
	case kindReturn:
		return just(func(ctx context.Context) error { return s.takeBack(ctx, f.Value) })
	case kindTryWant:
		return just(func(context.Context) error { return s.try() })
	case kindLen:
		return s.call(f.ID, s.h.Len)
	case kindJoin:
		return just(s.h.Join)
	case kindClose:
		return just(func(context.Context) error { return s.h.Close() })
	case kindCancel:
		s.cancel(f.ID)
	case kindSynced:
		s.synced(f.ID)
	default:
		return frame.ErrBroken
	}
	return nil
}

// part collects a long item. If its Put is given up, kindCancel follows.
func (s *Server) part(f frame.Frame) error {
	if len(s.parts[f.ID])+len(f.Data) > frame.MaxSize {
		return frame.ErrTooLong
	}
	s.parts[f.ID] = append(s.parts[f.ID], f.Data...)
	return nil
}

// put adds the child's item. It has happened, whatever comes of it; so only
// the owner itself is served like this.
func (s *Server) put(f frame.Frame) error {
	owner, ok := s.h.(*Store)
	if !ok {
		return frame.ErrBroken
	}
	if f.Kind == kindPutParts {
		f.Data = s.parts[f.ID]
		delete(s.parts, f.ID)
	}
	s.mu.Lock()
	reserved := s.rooms[f.ID]
	delete(s.rooms, f.ID)
	s.mu.Unlock()
	owner.arrive(f.Value, reserved)
	return nil
}

// room keeps room for an item that the child will put under the call's number.
func (s *Server) room(ctx context.Context, id uint64, try bool) error {
	err := s.h.reserve(ctx, try)
	if err != nil {
		return err
	}
	s.mu.Lock()
	granted := !s.ended && ctx.Err() == nil
	if granted {
		s.rooms[id] = true
	}
	s.mu.Unlock()
	if !granted {
		s.h.release()
		return context.Canceled
	}
	return nil
}

// call does what may have to wait, soon, in a goroutine that ends when it is
// done, when the child no longer wants it, or when the child ends.
func (s *Server) call(id uint64, do func(context.Context) (int, error)) error {
	ctx, cancel := context.WithCancel(context.Background())
	if !s.number(id, cancel) {
		cancel()
		return frame.ErrBroken
	}
	s.later = append(s.later, func() {
		n, err := 0, error(context.Canceled)
		if ctx.Err() == nil {
			n, err = do(ctx)
		}
		s.mu.Lock()
		delete(s.calls, id)
		s.mu.Unlock()
		cancel()
		s.post(frame.Frame{Kind: kindReply, ID: id, Value: frame.Value{Data: encodeReply(n, err)}})
	})
	return nil
}

// number notes a call under a number that no other call or room has.
func (s *Server) number(id uint64, cancel context.CancelFunc) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls[id] != nil || s.rooms[id] {
		return false
	}
	s.calls[id] = cancel
	return true
}

// A deferred call begins when all that has been read is obeyed: what the child
// no longer wants does not happen.
type deferred func()

func (s *Server) beginCalls() {
	for _, do := range s.later {
		go do()
	}
	s.later = nil
}

// cancel ends a call or a put, and gives back the room that it was granted. Only
// Read calls it.
func (s *Server) cancel(id uint64) {
	delete(s.parts, id)
	s.mu.Lock()
	if cancel := s.calls[id]; cancel != nil {
		cancel()
	}
	granted := s.rooms[id]
	delete(s.rooms, id)
	s.mu.Unlock()
	if granted {
		s.h.release()
	}
}

// block notes whether the child waits for an item, for Main's notice.
func (s *Server) block(now bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.blocked != now {
		s.blocked = now
		s.child.Waiting(int(bit(now)) - int(bit(!now)))
	}
}

// deliver lends the child a batch, or tells it that there will be none. The
// holder's lock is held: so the child gets the batch before it is asked to give
// back what it can.
func (s *Server) deliver(lot []Item, err error) {
	s.block(false)
	if err == io.EOF {
		s.post(frame.Frame{Kind: kindEnd})
	}
	if err != nil { // the holder's parent is gone: this process and the child will follow
		return
	}
	s.mu.Lock()
	s.first = lot[0].ID
	for i, it := range lot {
		kind := kindMore
		if i == len(lot)-1 {
			kind = kindItem
		}
		s.lend(kind, it)
	}
	s.mu.Unlock()
	s.wake()
}

func (s *Server) lend(kind frame.Kind, it Item) {
	s.loans = append(s.loans, loan{id: it.ID})
	s.outbox = append(s.outbox, frame.Frame{Kind: kind, ID: it.ID, Value: it.Value})
}

// try lends the child one item, if there is one.
func (s *Server) try() error {
	it, err := s.h.tryTake()
	if err != nil {
		return err
	}
	s.mu.Lock()
	ended := s.ended
	if !ended {
		s.lend(kindTried, it)
	}
	s.mu.Unlock()
	if ended {
		return s.h.tell(context.Background(), kindBack, it)
	}
	return nil
}

// told passes on what the child says of a loan, and of nothing else.
func (s *Server) told(ctx context.Context, what frame.Kind, id uint64) error {
	s.mu.Lock()
	i := slices.IndexFunc(s.loans, func(l loan) bool { return l.id == id })
	known := i >= 0 && (what == kindBack || what == kindTaken && !s.loans[i].taken || what == kindDone && s.loans[i].taken)
	if known {
		if what == kindTaken && s.joinable {
			s.loans[i].taken = true
		} else {
			s.loans = slices.Delete(s.loans, i, i+1)
		}
	}
	s.mu.Unlock()
	if !known {
		return nil
	}
	return s.h.tell(ctx, what, Item{ID: id})
}

// toldSafely is told for a child that waits for the answer.
func (s *Server) toldSafely(ctx context.Context, about []byte) error {
	what, id, err := decodeTell(about)
	if err != nil {
		return err
	}
	return s.told(context.WithoutCancel(ctx), what, id)
}

// takeBack takes an item that the owner has forgotten, because it was taken.
func (s *Server) takeBack(ctx context.Context, v frame.Value) error {
	if len(v.Data) < 8 || s.joinable {
		return frame.ErrBroken
	}
	it := Item{ID: binary.LittleEndian.Uint64(v.Data), Value: v}
	it.Value.Data = v.Data[8:]
	return s.h.tell(context.WithoutCancel(ctx), kindReturn, it)
}

// recall asks for what the child has been sent beyond what it was waiting for.
// While it has not answered, it is not asked again, but after that.
func (s *Server) recall() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.again = len(s.syncs) > 0
	if !s.again && slices.ContainsFunc(s.loans, func(l loan) bool { return !l.taken && l.id != s.first }) {
		s.askLocked(kindSync)
	}
}

// ask sends kindSync or kindClosing; the channel is closed at the answer.
func (s *Server) ask(kind frame.Kind) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.askLocked(kind)
}

func (s *Server) askLocked(kind frame.Kind) <-chan struct{} {
	answered := make(chan struct{})
	if s.over {
		close(answered)
		return answered
	}
	s.asked++
	s.syncs[s.asked] = answered
	s.outbox = append(s.outbox, frame.Frame{Kind: kind, ID: s.asked})
	s.wake()
	return answered
}

func (s *Server) synced(id uint64) {
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
func (s *Server) end() {
	s.withdraw()
	s.mu.Lock()
	s.ended = true
	loans, rooms := s.loans, len(s.rooms)
	s.loans = nil
	clear(s.rooms)
	for _, cancel := range s.calls {
		cancel()
	}
	s.mu.Unlock()
	s.wake()
	for range rooms {
		s.h.release()
	}
	for _, l := range loans {
		s.h.tell(context.Background(), kindBack, Item{ID: l.id})
	}
	s.mu.Lock()
	s.over = true
	for _, answered := range s.syncs {
		close(answered)
	}
	s.syncs = nil
	s.mu.Unlock()
	s.h.dismiss(s)
}

// servers are those that serve one holder's children.
type servers struct {
	desk sync.Mutex
	all  []*Server
}

func (g *servers) enlist(s *Server) {
	g.desk.Lock()
	defer g.desk.Unlock()
	g.all = append(g.all, s)
}

func (g *servers) dismiss(s *Server) {
	g.desk.Lock()
	defer g.desk.Unlock()
	g.all = slices.DeleteFunc(g.all, func(o *Server) bool { return o == s })
}

func (g *servers) list() []*Server {
	g.desk.Lock()
	defer g.desk.Unlock()
	return slices.Clone(g.all)
}

// sync asks all children to give back what they have not taken, and waits for
// their answers: by then, what they put before has arrived.
func (g *servers) sync(ctx context.Context, kind frame.Kind) error {
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
func (g *servers) recall() {
	for _, s := range g.list() {
		s.recall()
	}
}
