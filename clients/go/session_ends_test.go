package mcpgrpc_test

// Every way in which a Session ends, most of them by a server that follows a script.

import (
	"context"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	mcpgrpc "github.com/mcpgrpc/mcpgrpc/clients/go"
	pb "github.com/mcpgrpc/mcpgrpc/clients/go/mcpgrpcv1"
)

func TestTheEndOfAStreamTellsWhatIsKnownOfEachCall(t *testing.T) {
	stalled, err := status.New(codes.Aborted, "not read").WithDetails(&errdetails.ErrorInfo{
		Domain: "mcpgrpc", Reason: "STREAM_STALLED", Metadata: map[string]string{"execution": "MAYBE"},
	})
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		end        error
		code       codes.Code
		reason     string
		notStarted bool
	}{
		"in good order":     {nil, codes.Unavailable, "", true},
		"by the service":    {stalled.Err(), codes.Aborted, "STREAM_STALLED", false},
		"by the connection": {status.Error(codes.Unavailable, "lost"), codes.Unavailable, "CONNECTION_LOST", false},
		"by a large frame":  {status.Error(codes.ResourceExhausted, "large"), codes.ResourceExhausted, "", false},
	}
	for name, each := range cases {
		t.Run(name, func(t *testing.T) {
			end := make(chan struct{})
			session := scriptedSession(t, func(stream serverStream) error {
				if err := send(stream, windowItem(1)); err != nil {
					return err
				}
				if _, err := requests(stream, 1); err != nil {
					return err
				}
				<-end
				return each.end
			})
			sent, waiting := submit(t, session), submit(t, session)
			close(end)
			mustBe(t, "sent: not started", failure(t, await(t, sent), each.code, each.reason).NotStarted(), each.notStarted)
			mustBe(t, "waiting: not started", failure(t, await(t, waiting), each.code, each.reason).NotStarted(), true)
			mustBe(t, "later: not started", failure(t, session.Err(), each.code, each.reason).NotStarted(), true)
			mustBe(t, "a good end", session.Close(patient(t)) == nil, each.end == nil)
		})
	}
}

func TestWhatGoAwayDidNotAcceptHasNotStarted(t *testing.T) {
	told := make(chan struct{})
	session := scriptedSession(t, func(stream serverStream) error {
		if err := send(stream, windowItem(2)); err != nil {
			return err
		}
		if _, err := requests(stream, 2); err != nil {
			return err
		}
		goAway := &pb.GoAway{Reason: pb.GoAwayReason_GO_AWAY_REASON_SHUTDOWN, AcceptedRequests: 1}
		if err := send(stream, &pb.ServerItem{Item: &pb.ServerItem_GoAway{GoAway: goAway}}); err != nil {
			return err
		}
		<-told
		return send(stream, responseItem(integer(1), "{}"))
	})
	accepted, beyond, waiting := submit(t, session), submit(t, session), submit(t, session)
	mustBe(t, "beyond: not started", failure(t, await(t, beyond), codes.Unavailable, "DRAINING").NotStarted(), true)
	mustBe(t, "waiting: not started", failure(t, await(t, waiting), codes.Unavailable, "DRAINING").NotStarted(), true)
	_, err := session.Call(patient(t), mcpgrpc.Request{Method: "tools/list"})
	mustBe(t, "later: not started", failure(t, err, codes.Unavailable, "DRAINING").NotStarted(), true)
	close(told)
	if err := await(t, accepted); err != nil {
		t.Errorf("the call that was accepted: %v", err)
	}
}

func TestBrokenPiecesEndTheStream(t *testing.T) {
	ended := make(chan struct{})
	session := scriptedSession(t, func(stream serverStream) error {
		if err := send(stream, windowItem(1)); err != nil {
			return err
		}
		if _, err := requests(stream, 1); err != nil {
			return err
		}
		piece := &pb.Fragment{FragmentId: 1, Data: []byte{0xff, 0xff}, State: pb.FragmentState_FRAGMENT_STATE_LAST}
		if err := send(stream, &pb.ServerItem{Item: &pb.ServerItem_Fragment{Fragment: piece}}); err != nil {
			return err
		}
		<-stream.Context().Done()
		close(ended)
		return nil
	})
	failure(t, await(t, submit(t, session)), codes.InvalidArgument, "INVALID_FRAME")
	await(t, ended)
}

func TestAServerThatBreaksItsPromiseOfKeepAlivesIsGivenUp(t *testing.T) {
	session := scriptedSession(t, func(stream serverStream) error {
		promise := &pb.Settings{KeepaliveInterval: durationpb.New(20 * time.Millisecond)}
		if err := send(stream, settingsItem(promise)); err != nil {
			return err
		}
		<-stream.Context().Done()
		return nil
	})
	// However late this call is, the stream is given up.
	failed := failure(t, await(t, submit(t, session)), codes.Aborted, "STREAM_IDLE")
	mustBe(t, "the domain", failed.Domain, mcpgrpc.DomainService)
}

func TestAStreamThatFailsBeforeItsSettingsHasRunNothing(t *testing.T) {
	client := (&scripted{session: func(serverStream) error {
		return status.Error(codes.Unavailable, "no")
	}}).serve(t)
	_, err := client.OpenSession(patient(t))
	mustBe(t, "not started", failure(t, err, codes.Unavailable, "CONNECTION_LOST").NotStarted(), true)
}

func TestOpeningWaitsNoLongerThanItsContext(t *testing.T) {
	opening := make(chan struct{})
	client := (&scripted{session: func(stream serverStream) error {
		close(opening)
		<-stream.Context().Done()
		return nil
	}}).serve(t)
	ctx, cancel := context.WithCancel(patient(t))
	go func() {
		<-opening
		cancel()
	}()
	_, err := client.OpenSession(ctx)
	mustBe(t, "not started", failure(t, err, codes.Canceled, "").NotStarted(), true)
}

func TestASessionOutlivesTheContextOfItsOpening(t *testing.T) {
	client := live(t)
	ctx, cancel := context.WithCancel(patient(t))
	session, err := client.OpenSession(ctx)
	cancel()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := session.Call(patient(t), tool("add", map[string]any{"a": 1, "b": 1})); err != nil {
		t.Error(err)
	}
	if err := session.Close(patient(t)); err != nil {
		t.Error(err)
	}
}
