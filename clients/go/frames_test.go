package mcpgrpc

// What the writer of a Session sends, and when, by a clock of the test's own.

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	pb "github.com/mcpgrpc/mcpgrpc/clients/go/mcpgrpcv1"
)

// written keeps the frames of a stream with the time of each.
type recorder struct {
	grpc.BidiStreamingClient[pb.SessionRequest, pb.SessionResponse]
	ctx    context.Context
	frames []*pb.SessionRequest
	times  []time.Time
}

func (r *recorder) Context() context.Context { return r.ctx }

func (r *recorder) Send(frame *pb.SessionRequest) error {
	r.frames = append(r.frames, frame)
	r.times = append(r.times, time.Now())
	return nil
}

func TestAnIdleSessionWritesAsOftenAsItPromised(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		stream := &recorder{ctx: ctx}
		session := &Session{stream: stream, table: newTable()}
		go session.write()
		time.Sleep(time.Hour)
		cancel()
		synctest.Wait()
		promised := stream.frames[0].GetItems()[0].GetSettings().GetKeepaliveInterval().AsDuration()
		if len(stream.frames) < int(time.Hour/promised) {
			t.Fatalf("%d frames in an hour", len(stream.frames))
		}
		for i, frame := range stream.frames[1:] {
			if proto.Size(frame) != 0 || stream.times[i+1].Sub(stream.times[i]) > promised {
				t.Fatalf("frame %d is %v, after %v", i+1, frame, stream.times[i+1].Sub(stream.times[i]))
			}
		}
	})
}

func TestAFrameHoldsWhatIsWantedAndFits(t *testing.T) {
	item := func(size int) *pb.ClientItem {
		credentials := &pb.Credentials{Authorization: strings.Repeat("x", size)}
		return &pb.ClientItem{Item: &pb.ClientItem_Credentials{Credentials: credentials}}
	}
	const kib = 1 << 10
	small := &pb.Settings{MaxFrameBytes: 4 * kib}
	cases := map[string]struct {
		sizes []int
		peer  *pb.Settings
		want  int
	}{
		"nothing":                        {nil, nil, 0},
		"a few":                          {[]int{1, 2, 3}, nil, 3},
		"no more than 64 KiB":            {[]int{30 * kib, 30 * kib, 30 * kib}, nil, 2},
		"one that is larger alone":       {[]int{100 * kib, 1}, nil, 1},
		"no more than the server takes":  {[]int{2 * kib, 1 * kib, 1 * kib}, small, 2},
		"no more than 32":                {make([]int, 100), nil, 32},
		"a small one before a large one": {[]int{1, 100 * kib}, nil, 1},
	}
	for name, each := range cases {
		t.Run(name, func(t *testing.T) {
			var items []*pb.ClientItem
			for _, size := range each.sizes {
				items = append(items, item(size))
			}
			if got := cut(items, each.peer); got != each.want {
				t.Errorf("%d items, wanted %d", got, each.want)
			}
		})
	}
}
