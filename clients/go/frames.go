package mcpgrpc

// The frames of a Session: its settings, what fits into one frame, the writer, and how long the server
// may be silent. Nothing here knows which request a message belongs to.

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/mcpgrpc/mcpgrpc/clients/go/mcpgrpcv1"
)

const (
	maxFrameItems     = 32
	wantedFrameBytes  = 64 << 10
	itemOverheadBytes = 16 // more than the tags and lengths around an item take

	defaultWindow     = 16
	defaultFrameBytes = 4 << 20

	keepaliveInterval = 30 * time.Second
	// missedKeepalives is how many may stay away.
	missedKeepalives = 3
)

// ownSettings are what a Session of this package accepts. It takes no requests of a server.
func ownSettings() *pb.ClientItem {
	return &pb.ClientItem{Item: &pb.ClientItem_Settings{Settings: &pb.Settings{
		MaxFrameBytes:     maxMessageBytes,
		MaxEnvelopeBytes:  maxMessageBytes,
		MaxOpenFragments:  maxOpenPieces,
		KeepaliveInterval: durationpb.New(keepaliveInterval),
	}}}
}

func windowOf(peer *pb.Settings) uint32 {
	if peer.GetMaxInFlight() == 0 {
		return defaultWindow
	}
	return peer.GetMaxInFlight()
}

func frameBytesOf(peer *pb.Settings) int {
	if peer.GetMaxFrameBytes() == 0 {
		return defaultFrameBytes
	}
	return int(peer.GetMaxFrameBytes())
}

// refuseSize says why an envelope cannot be sent, if it is too large for the server.
func refuseSize(envelope *pb.Envelope, peer *pb.Settings) error {
	size, limit := proto.Size(envelope), frameBytesOf(peer)-2*itemOverheadBytes
	if most := peer.GetMaxEnvelopeBytes(); most > 0 && most < uint64(limit) {
		limit = int(most)
	}
	if size <= limit {
		return nil
	}
	return ownError(codes.ResourceExhausted, "MESSAGE_TOO_LARGE", notStarted,
		"the request is larger than the server takes")
}

// cut tells how many of the items that wait go into the next frame.
func cut(waiting []*pb.ClientItem, peer *pb.Settings) int {
	room := min(wantedFrameBytes, frameBytesOf(peer))
	for n, item := range waiting {
		room -= proto.Size(item) + itemOverheadBytes
		if n == maxFrameItems || n > 0 && room < 0 {
			return n
		}
	}
	return len(waiting)
}

// silence gives a stream up whose server has promised keep-alives that stay away.
type silence struct {
	promised time.Duration
	cancel   context.CancelCauseFunc
	timer    *time.Timer
}

func (s *silence) begin() {
	if s.promised > 0 {
		s.timer = time.AfterFunc(missedKeepalives*s.promised, func() {
			s.cancel(ownError(codes.Aborted, "STREAM_IDLE", maybe, "the server's keep-alives stayed away"))
		})
	}
}

func (s *silence) end() {
	if s.timer != nil {
		s.timer.Stop()
	}
}

// write sends what waits, one frame at a time, until the stream is closed or broken. Why it broke is
// what the reader learns.
func (s *Session) write() {
	beat := time.NewTicker(keepaliveInterval * 2 / 3)
	defer beat.Stop()
	for {
		frame, closing := s.table.nextFrame()
		if len(frame.Items) == 0 {
			if closing {
				_ = s.stream.CloseSend()
				return
			}
			select {
			case <-s.table.wake:
				continue
			case <-beat.C:
			case <-s.stream.Context().Done():
				return
			}
		}
		if s.stream.Send(frame) != nil {
			return
		}
	}
}
