package lend

import (
	"context"
	"io"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"processbook/mp/internal/frame"
)

// A Server gives one child its share of a queue. When the child ends, the
// items that were lent to it come back.
type Server struct {
	h        Holder
	joinable bool
	kill     func() error // ends the child
	to       io.Closer
	out      *frame.Writer     // to the child, in the order in which things happened
	syncs    calls             // kindSync and kindClosing
	withdraw func()            // takes back the child's last want; only Read uses it
	parts    map[uint64][]byte // of long items, by put; only Read uses it
	blocked  atomic.Bool       // set while the child waits for an item

	mu      sync.Mutex                    // guards the fields below
	loans   map[uint64]bool               // items that may still come back, by number; true when a Get has it
	first   uint64                        // the first item of the last batch: a waiting Get will take it at once
	unasked bool                          // set by a batch, and cleared when the child is asked to give back
	serving map[uint64]context.CancelFunc // ends a call of the child that has no reply, by number
	rooms   map[uint64]uint64             // those granted to the child and not used, by the call's number
	listed  bool                          // set when the holder knows of this child
	ended   bool                          // set when the child has ended
}

// NewServer returns a Server for a child that starts with the queue; kill ends the
// child. Read does the Server's work, until the child ends. Call Open when the child
// has called Main.
func NewServer(h Holder, to io.WriteCloser, kill func() error) *Server {
	return &Server{
		h: h, joinable: h.Terms()&Joinable != 0, kill: kill, to: to, out: frame.NewWriter(to),
		withdraw: func() {},
		loans:    map[uint64]bool{},
		parts:    map[uint64][]byte{},
		serving:  map[uint64]context.CancelFunc{},
		rooms:    map[uint64]uint64{},
	}
}

// Open lets the child put items. It enlists the child before it looks whether the
// queue is closed: so a Close that Open does not see also asks this child.
func (s *Server) Open() {
	s.enlist()
	if s.h.closed() {
		s.ask(kindClosing)
	}
	s.out.Post(frame.Frame{Kind: kindOpen})
}

// enlist lets the holder ask this child, from when the child can have items.
func (s *Server) enlist() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.listed && !s.ended {
		s.listed = true
		s.h.enlist(s)
	}
}

// Read does what the child asks for, until the child ends. Read never waits for
// the child to read, so it always comes to what the child has written.
func (s *Server) Read(from io.ReadCloser) {
	defer from.Close()
	defer s.to.Close()
	defer s.end()
	in := frame.NewReader(from)
	for {
		f, err := in.Next()
		if err == nil {
			err = s.obey(f)
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return
		}
		if err != nil {
			s.kill() // it sent nonsense
			return
		}
	}
}

func (s *Server) obey(f frame.Frame) error {
	just := func(do func(context.Context) error) error { // a call with nothing in its reply
		return s.call(f.ID, func(ctx context.Context) (frame.Value, error) { return frame.Value{}, do(ctx) })
	}
	switch f.Kind {
	case kindPart:
		return s.part(f)
	case kindPut:
		return s.put(f)
	case kindWant:
		s.enlist() // this may come before Open
		s.withdraw()
		s.blocked.Store(true)
		s.withdraw = s.h.want(int(min(max(f.ID, 1), maxWant)), s.deliver)
	case kindTaken, kindBack, kindDone:
		s.told(f.Kind, f.ID)
	case kindRoom, kindTryRoom:
		return just(func(ctx context.Context) error { return s.room(ctx, f.ID, f.Kind == kindTryRoom) })
	case kindTryWant:
		s.enlist()
		return s.call(f.ID, s.try)
	case kindHeard:
		return just(s.h.heard)
	case kindLen:
		return s.call(f.ID, s.count)
	case kindJoin:
		return just(s.h.Join)
	case kindClose:
		return just(func(context.Context) error { return s.h.Close() })
	case kindCancel:
		s.cancel(f.ID)
	case kindSynced:
		s.syncs.reply(f.ID, frame.Value{})
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

// put adds the child's item, even if the child has ended since.
func (s *Server) put(f frame.Frame) error {
	if s.parts[f.ID] != nil {
		if err := s.part(f); err != nil {
			return err
		}
		f.Data = s.parts[f.ID]
		delete(s.parts, f.ID)
	}
	s.mu.Lock()
	room := s.rooms[f.ID]
	delete(s.rooms, f.ID)
	s.mu.Unlock()
	s.h.put(room, f.Value)
	return nil
}

// room keeps room for an item that the child will put under the call's number.
func (s *Server) room(ctx context.Context, id uint64, try bool) error {
	room, err := s.h.reserve(ctx, try)
	if err != nil {
		return err
	}
	s.mu.Lock()
	granted := !s.ended && ctx.Err() == nil
	if granted {
		s.rooms[id] = room
	}
	s.mu.Unlock()
	if !granted {
		s.h.release(room)
		return context.Canceled
	}
	return nil
}

// call does what may have to wait, in a goroutine that ends when it is done,
// when the child no longer wants it, or when the child ends.
func (s *Server) call(id uint64, do func(context.Context) (frame.Value, error)) error {
	ctx, cancel := context.WithCancel(context.Background())
	s.mu.Lock()
	inUse := s.serving[id] != nil || s.rooms[id] > 0
	if !inUse {
		s.serving[id] = cancel
	}
	s.mu.Unlock()
	if inUse {
		cancel()
		return frame.ErrBroken
	}
	go func() {
		v, err := do(ctx)
		s.mu.Lock()
		delete(s.serving, id)
		s.mu.Unlock()
		cancel()
		if err != nil {
			v = frame.Failure(err)
		}
		s.out.Post(frame.Frame{Kind: kindReply, ID: id, Value: v})
	}()
	return nil
}

// cancel ends a call or a put, and gives back the room that was kept for it. Only
// Read calls cancel.
func (s *Server) cancel(id uint64) {
	delete(s.parts, id)
	s.mu.Lock()
	if cancel := s.serving[id]; cancel != nil {
		cancel()
	}
	room := s.rooms[id]
	delete(s.rooms, id)
	s.mu.Unlock()
	if room > 0 {
		s.h.release(room)
	}
}

func (s *Server) count(ctx context.Context) (frame.Value, error) {
	n, err := s.h.Len(ctx)
	return withNumber(uint64(n), frame.Value{}), err
}

// Blocked reports whether the child waits for an item of a queue that is open, or
// that may wait for a TaskDone: Main may print that.
func (s *Server) Blocked() bool { return s.blocked.Load() && (s.joinable || !s.h.closed()) }

// deliver lends the child a batch, or tells it that there will be none. The
// holder's lock is held, so the child gets the batch before it is asked to give
// items back.
func (s *Server) deliver(lot []Item, err error) {
	s.blocked.Store(false)
	if err == io.EOF {
		s.out.Post(frame.Frame{Kind: kindEnd})
	}
	if err != nil { // the holder's parent is gone: this process and the child will follow
		return
	}
	batch := make([]frame.Frame, len(lot))
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, it := range lot {
		batch[i] = frame.Frame{Kind: kindMore, ID: it.ID, Value: it.Value}
		s.loans[it.ID] = false
	}
	batch[len(lot)-1].Kind = kindItem
	s.first, s.unasked = lot[0].ID, true
	s.out.Post(batch...)
}

// try lends the child one item, if there is one.
func (s *Server) try(context.Context) (v frame.Value, err error) {
	it, err := s.h.tryTake()
	if err != nil {
		return v, err
	}
	s.mu.Lock()
	ended := s.ended
	if !ended {
		s.loans[it.ID] = false
	}
	s.mu.Unlock()
	if ended {
		s.h.tell(kindBack, it.ID)
	}
	return withNumber(it.ID, it.Value), nil
}

// told passes on a message about an item that the child has, and ignores it if it
// makes no sense.
func (s *Server) told(what frame.Kind, id uint64) {
	s.mu.Lock()
	taken, lent := s.loans[id]
	sense := lent && (what == kindBack || what == kindTaken && !taken || what == kindDone && (taken || !s.joinable))
	switch {
	case sense && what == kindTaken:
		s.loans[id] = true
	case sense:
		delete(s.loans, id)
	}
	s.mu.Unlock()
	if sense {
		s.h.tell(what, id)
	}
}

// recall asks the child for the items beyond the one that it was waiting for,
// unless the child has been asked since it got them.
func (s *Server) recall() {
	s.mu.Lock()
	ask := false
	for id, taken := range s.loans {
		if ask = s.unasked && !taken && id != s.first; ask {
			break
		}
	}
	s.mu.Unlock()
	if ask {
		s.ask(kindSync)
	}
}

// ask sends kindSync or kindClosing; something comes out of the channel when the
// child has answered, or ended.
func (s *Server) ask(kind frame.Kind) (number uint64, answered <-chan frame.Value) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unasked = false
	number, answered = s.syncs.begin()
	s.out.Post(frame.Frame{Kind: kind, ID: number})
	return number, answered
}

// end puts the child's loans back to the front of the queue. But an item that a Get
// may have returned is done, unless the queue is joinable.
func (s *Server) end() {
	s.withdraw()
	s.mu.Lock()
	s.ended = true
	loans, rooms := s.loans, s.rooms
	s.loans, s.rooms = nil, nil
	for _, cancel := range s.serving {
		cancel()
	}
	s.mu.Unlock()
	for _, room := range rooms {
		s.h.release(room)
	}
	for _, id := range slices.Sorted(maps.Keys(loans)) {
		if loans[id] && !s.joinable {
			s.h.tell(kindDone, id)
		} else {
			s.h.tell(kindBack, id)
		}
	}
	s.syncs.end()
	s.h.dismiss(s)
}

// servers are the Servers of one holder's children.
type servers struct {
	desk sync.Mutex // guards all
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
	var answers []<-chan frame.Value
	for _, s := range g.list() {
		number, answered := s.ask(kind)
		defer s.syncs.forget(number) // if ctx ends first
		answers = append(answers, answered)
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
