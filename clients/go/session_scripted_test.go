package mcpgrpc_test

// Sessions with a server that follows a script: frames, windows and odd answers.

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	mcpgrpc "github.com/mcpgrpc/mcpgrpc/clients/go"
	pb "github.com/mcpgrpc/mcpgrpc/clients/go/mcpgrpcv1"
)

func settingsItem(settings *pb.Settings) *pb.ServerItem {
	return &pb.ServerItem{Item: &pb.ServerItem_Settings{Settings: settings}}
}

func windowItem(window uint32) *pb.ServerItem {
	return settingsItem(&pb.Settings{MaxInFlight: window})
}

func responseItem(id *pb.RequestId, result string) *pb.ServerItem {
	response := &pb.JsonRpcResponse{Id: id, Outcome: &pb.JsonRpcResponse_ResultJson{ResultJson: result}}
	envelope := &pb.Envelope{Message: &pb.Envelope_Response{Response: response}}
	return &pb.ServerItem{Item: &pb.ServerItem_Envelope{Envelope: envelope}}
}

func integer(id int64) *pb.RequestId {
	return &pb.RequestId{Value: &pb.RequestId_Integer{Integer: id}}
}

func send(stream serverStream, items ...*pb.ServerItem) error {
	return stream.Send(&pb.SessionResponse{Items: items})
}

// requests reads frames until they hold so many requests; gives them by their frames.
func requests(stream serverStream, wanted int) ([][]*pb.JsonRpcRequest, error) {
	var frames [][]*pb.JsonRpcRequest
	for wanted > 0 {
		frame, err := stream.Recv()
		if err != nil {
			return nil, err
		}
		var found []*pb.JsonRpcRequest
		for _, item := range frame.GetItems() {
			if request := item.GetEnvelope().GetRequest(); request != nil {
				found = append(found, request)
			}
		}
		if wanted -= len(found); len(found) > 0 {
			frames = append(frames, found)
		}
	}
	return frames, nil
}

// scriptedSession opens a Session whose server does what the script says.
func scriptedSession(t *testing.T, script func(serverStream) error) *mcpgrpc.Session {
	t.Helper()
	return openSession(t, (&scripted{session: script}).serve(t))
}

// submit sends a call and gives what will be its error, once it is under way or waits.
func submit(t *testing.T, session *mcpgrpc.Session) <-chan error {
	t.Helper()
	ctx, submitted := observed(t)
	failed := make(chan error, 1)
	go func() {
		_, err := session.Call(ctx, mcpgrpc.Request{Method: "tools/list"})
		failed <- err
	}()
	select {
	case <-submitted:
	case err := <-failed: // the stream is over already
		failed <- err
	}
	return failed
}

func TestTheFirstItemsOfAStreamAreSettingsAndTheEraIsPinned(t *testing.T) {
	frames, eras := make(chan *pb.SessionRequest, 1), make(chan []string, 1)
	scriptedSession(t, func(stream serverStream) error {
		first, err := stream.Recv()
		if err != nil {
			return err
		}
		said, _ := metadata.FromIncomingContext(stream.Context())
		frames <- first
		eras <- said.Get("mcpgrpc-era")
		return send(stream, windowItem(1))
	})
	first := await(t, frames).GetItems()
	mustBe(t, "items", len(first), 1)
	mustBe(t, "pieces", first[0].GetSettings().GetMaxOpenFragments(), 16)
	mustBe(t, "the era", fmt.Sprint(await(t, eras)), "[modern]")
}

func TestFramesCarrySeveralEnvelopesBothWays(t *testing.T) {
	grow, sizes := make(chan struct{}), make(chan []int, 1)
	session := scriptedSession(t, func(stream serverStream) error {
		if err := send(stream, windowItem(1)); err != nil {
			return err
		}
		all, err := requests(stream, 1)
		if err != nil {
			return err
		}
		<-grow
		if err := send(stream, windowItem(100)); err != nil {
			return err
		}
		more, err := requests(stream, 40)
		if err != nil {
			return err
		}
		var counts []int
		for _, frame := range more {
			counts = append(counts, len(frame))
		}
		sizes <- counts
		var answers []*pb.ServerItem
		for _, request := range slices.Concat(append(all, more...)...) {
			answers = append(answers, responseItem(request.GetId(), request.GetParamsJson()))
		}
		slices.Reverse(answers)
		return send(stream, answers...)
	})
	var calls sync.WaitGroup
	for i := range 41 {
		ctx, submitted := observed(t)
		calls.Go(func() {
			params := map[string]any{"n": i, "_meta": map[string]any{}}
			result, err := session.Call(ctx, mcpgrpc.Request{Method: "m", Params: params})
			if wanted := fmt.Sprintf(`{"_meta":{},"n":%d}`, i); err != nil || string(result) != wanted {
				t.Errorf("%s, %v; wanted %s", result, err, wanted)
			}
		})
		await(t, submitted)
	}
	close(grow)
	mustBe(t, "envelopes in the frames", fmt.Sprint(await(t, sizes)), "[32 8]")
	calls.Wait()
}

func TestWhatIsNotUnderstoodIsIgnored(t *testing.T) {
	session := scriptedSession(t, func(stream serverStream) error {
		err := send(stream, &pb.ServerItem{}, settingsItem(&pb.Settings{}))
		if err != nil {
			return err
		}
		if _, err := requests(stream, 1); err != nil {
			return err
		}
		empty := &pb.ServerItem{Item: &pb.ServerItem_Envelope{Envelope: &pb.Envelope{}}}
		text := &pb.RequestId{Value: &pb.RequestId_Text{Text: "1"}}
		return send(stream, empty, responseItem(nil, `{}`), responseItem(text, `{}`),
			responseItem(integer(7), `{}`), responseItem(integer(1), `{"mine":1}`))
	})
	result, err := session.Call(patient(t), mcpgrpc.Request{Method: "tools/list"})
	if err != nil || string(result) != `{"mine":1}` {
		t.Errorf("%s, %v", result, err)
	}
}

func TestAResultThatIsNoObjectFailsItsCallAlone(t *testing.T) {
	session := scriptedSession(t, func(stream serverStream) error {
		if err := send(stream, windowItem(4)); err != nil {
			return err
		}
		for _, result := range []string{`[]`, `{`, ``, ` {} `} {
			frames, err := requests(stream, 1)
			if err != nil {
				return err
			}
			if err := send(stream, responseItem(frames[0][0].GetId(), result)); err != nil {
				return err
			}
		}
		return nil
	})
	for range 3 {
		failure(t, await(t, submit(t, session)), codes.Internal, "")
	}
	if err := await(t, submit(t, session)); err != nil {
		t.Error(err)
	}
}
