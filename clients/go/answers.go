package mcpgrpc

// How the requests of a Session end: by an answer, a settlement, a GoAway, or with the stream. What is
// known of each then is what its error says.

import (
	"encoding/json"

	"google.golang.org/grpc/codes"

	pb "github.com/mcpgrpc/mcpgrpc/clients/go/mcpgrpcv1"
)

// receive takes an answer, or what is said about a request before it; anything else is not for it.
func (t *table) receive(envelope *pb.Envelope) {
	if response := envelope.GetResponse(); response != nil {
		got := outcomeOf(response)
		t.mu.Lock()
		defer t.mu.Unlock()
		t.settle(response.GetId().GetInteger(), got)
	} else if note := envelope.GetNotification(); note != nil {
		if notify := t.listener(envelope.GetRelatedRequestId()); notify != nil {
			notify(note.GetMethod(), json.RawMessage(note.GetParamsJson()))
		}
	}
}

// listener gives who hears what belongs to a request, if anybody does.
func (t *table) listener(id *pb.RequestId) notify {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c, has := t.flying[id.GetInteger()]; has {
		return c.notify
	}
	return nil
}

// settled takes the word that a cancelled request is over.
func (t *table) settled(id *pb.RequestId) {
	t.mu.Lock()
	defer t.mu.Unlock()
	said := ownError(codes.Canceled, "", maybe, "the request was cancelled")
	t.settle(id.GetInteger(), outcome{err: said})
}

func (t *table) goAway(said *pb.GoAway) {
	t.mu.Lock()
	defer t.mu.Unlock()
	why := ownError(codes.Unavailable, "DRAINING", notStarted, "the server drains the stream: open another")
	t.refuse(why)
	for id := range t.flying {
		if uint64(id) > said.GetAcceptedRequests() {
			t.settle(id, outcome{err: why})
		}
	}
}

// close refuses further requests and lets nextFrame tell that writing ends.
func (t *table) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closing = true
	t.refuse(ownError(codes.Unavailable, "", notStarted, "this client has closed the session"))
	t.poke()
}

// end fails everything: what was never sent has not run, and the rest has not either if the stream
// ended well, or before it could be sent.
func (t *table) end(why *Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	unsent := *why
	unsent.Execution = notStarted
	t.refuse(&unsent)
	for id := range t.flying {
		t.settle(id, outcome{err: why})
	}
}

// The rest is called with the lock held.

func (t *table) refuse(why *Error) {
	if t.over == nil {
		t.over = why
	}
	for _, c := range t.waiting {
		c.done <- outcome{err: why}
	}
	t.waiting = nil
}

func (t *table) settle(id int64, got outcome) {
	c, has := t.flying[id]
	if !has {
		return
	}
	delete(t.flying, id)
	if !c.listens {
		t.taken--
	}
	c.done <- got
	t.fill()
}
