package mcpgrpc

// A stream that carries many requests at once: its opening, its reader and writer, its end. Which
// answer belongs to which request, and what may be sent, is the table's to say.

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	pb "github.com/mcpgrpc/mcpgrpc/clients/go/mcpgrpcv1"
)

// Session carries many requests of the modern era on one stream. It is safe for concurrent use. It
// does not reconnect: when a call fails and its [Error] says NotStarted, open another and call again.
type Session struct {
	stream  grpc.BidiStreamingClient[pb.SessionRequest, pb.SessionResponse]
	cancel  context.CancelCauseFunc
	timeout time.Duration
	table   *table
	opened  chan struct{} // closed by the server's Settings
	ended   chan struct{} // closed at the end of the stream
	failure error         // of a stream that did not end well; set before ended is closed
}

// OpenSession opens a stream and waits for the server's Settings, as long as the context or the
// client's timeout allows. The stream outlives the context.
func (c *Client) OpenSession(ctx context.Context) (*Session, error) {
	ctx, done := bounded(ctx, c.timeout)
	defer done()
	life, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer context.AfterFunc(ctx, func() { cancel(contextError(ctx, notStarted)) })()
	stream, err := c.Session(metadata.AppendToOutgoingContext(life, "mcpgrpc-era", "modern"))
	if err != nil {
		err = reasonOf(life, err)
		cancel(nil)
		return nil, err
	}
	s := &Session{
		stream: stream, cancel: cancel, timeout: c.timeout, table: newTable(),
		opened: make(chan struct{}), ended: make(chan struct{}),
	}
	go s.write()
	go s.read()
	select {
	case <-s.opened:
		return s, nil
	case <-s.ended:
		return nil, s.Err()
	}
}

// Call sends a request as soon as the server's window has a place, and gives the JSON text of its
// result. When the context ends first the server is told to cancel the request. Without a deadline
// the client's timeout holds, but for a listen.
func (s *Session) Call(ctx context.Context, request Request) (json.RawMessage, error) {
	if request.Method != listenMethod {
		var done context.CancelFunc
		ctx, done = bounded(ctx, s.timeout)
		defer done()
	}
	c, err := newCall(ctx, request)
	if err == nil {
		err = s.table.submit(c)
	}
	if err != nil {
		return nil, err
	}
	select {
	case got := <-c.done:
		return got.result, got.err
	case <-ctx.Done():
		return nil, s.table.abandon(ctx, c)
	}
}

// Err says why the Session takes no further requests; nil while it does.
func (s *Session) Err() error { return s.table.err() }

// Close takes no further requests, waits for those under way and ends the stream. When the context
// ends first they are cancelled. It gives why the stream broke, if it did.
func (s *Session) Close(ctx context.Context) error {
	s.table.close()
	defer context.AfterFunc(ctx, func() { s.cancel(contextError(ctx, maybe)) })()
	<-s.ended
	return s.failure
}

func (s *Session) read() {
	var parts pieces
	var frame *pb.SessionResponse
	var err error
	silence := &silence{cancel: s.cancel}
	for err == nil {
		silence.begin()
		frame, err = s.stream.Recv()
		silence.end()
		for _, item := range frame.GetItems() {
			if err == nil {
				err = s.receive(item, &parts, silence)
			}
		}
	}
	s.end(err)
}

func (s *Session) receive(item *pb.ServerItem, parts *pieces, silence *silence) error {
	envelope := item.GetEnvelope()
	switch signal := item.GetItem().(type) {
	case *pb.ServerItem_Settings:
		silence.promised = signal.Settings.GetKeepaliveInterval().AsDuration()
		if s.table.announced(signal.Settings) {
			close(s.opened)
		}
	case *pb.ServerItem_GoAway:
		s.table.goAway(signal.GoAway)
	case *pb.ServerItem_RequestSettled:
		s.table.settled(signal.RequestSettled.GetRequestId())
	case *pb.ServerItem_Fragment:
		var err error
		if envelope, err = parts.add(signal.Fragment); err != nil {
			return ownError(codes.InvalidArgument, "INVALID_FRAME", maybe, err.Error())
		}
	}
	s.table.receive(envelope)
	return nil
}

func (s *Session) end(err error) {
	why := ownError(codes.Unavailable, "", notStarted, "the server has ended the stream")
	if err != io.EOF {
		why = reasonOf(s.stream.Context(), err)
		s.failure = why
	}
	s.table.end(why)
	s.cancel(nil)
	close(s.ended)
}
