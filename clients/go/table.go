package mcpgrpc

// The requests of a Session: which wait for a place in the server's window, which are under way, and
// what is to be written. It does no input or output; how requests end stands in answers.go.

import (
	"context"
	"slices"
	"sync"

	pb "github.com/mcpgrpc/mcpgrpc/clients/go/mcpgrpcv1"
)

type table struct {
	wake chan struct{} // has room for one; filled when something is to be written

	mu       sync.Mutex
	peer     *pb.Settings // nil until they have come
	waiting  []*call      // for a place in the server's window
	flying   map[int64]*call
	outgoing []*pb.ClientItem
	sent     int64  // requests so far, and the id of the last one
	taken    uint32 // places of the window
	over     *Error // why no further request is taken; nil while they are
	closing  bool
}

func newTable() *table {
	return &table{
		wake:     make(chan struct{}, 1),
		flying:   map[int64]*call{},
		outgoing: []*pb.ClientItem{ownSettings()},
	}
}

func (t *table) err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over == nil {
		return nil
	}
	return t.over
}

// announced takes the server's Settings, and tells whether they are its first.
func (t *table) announced(peer *pb.Settings) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	first := t.peer == nil
	t.peer = peer
	t.fill()
	return first
}

func (t *table) submit(c *call) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over != nil {
		return t.over
	}
	if err := refuseSize(c.envelope, t.peer); err != nil {
		return err
	}
	at := len(t.waiting)
	if c.listens {
		at = 0 // it takes no place, so it waits for none
	}
	t.waiting = slices.Insert(t.waiting, at, c)
	t.fill()
	return nil
}

// abandon gives up a call whose context has ended. Its place stays taken until the server settles it.
func (t *table) abandon(ctx context.Context, c *call) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at := slices.Index(t.waiting, c); at >= 0 {
		t.waiting = slices.Delete(t.waiting, at, at+1)
		return contextError(ctx, notStarted)
	}
	if t.flying[c.id] == c {
		c.notify = nil
		t.outgoing = append(t.outgoing, c.cancelled())
		t.poke()
	}
	return contextError(ctx, maybe)
}

// fill sends what waits while there are places; the lock is held.
func (t *table) fill() {
	for len(t.waiting) > 0 && (t.waiting[0].listens || t.taken < windowOf(t.peer)) {
		next := t.waiting[0]
		t.waiting = slices.Delete(t.waiting, 0, 1)
		if !next.listens {
			t.taken++
		}
		t.sent++
		t.flying[t.sent] = next
		t.outgoing = append(t.outgoing, next.number(t.sent))
	}
	t.poke()
}

func (t *table) poke() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// nextFrame takes what is to be written next, and tells whether nothing comes after it: the end of
// writing ends listens, but while anything else runs its cancellation may have to be sent.
func (t *table) nextFrame() (*pb.SessionRequest, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := cut(t.outgoing, t.peer)
	frame := &pb.SessionRequest{Items: t.outgoing[:n:n]}
	t.outgoing = t.outgoing[n:]
	return frame, t.closing && t.taken == 0
}
