package mcpgrpc

// The table of a Session alone, without a stream.

import (
	"context"
	"encoding/json"
	"testing"

	pb "github.com/mcpgrpc/mcpgrpc/clients/go/mcpgrpcv1"
)

// opened is a table whose server has a window; what it wrote to begin with is taken away.
func opened(window uint32) *table {
	t := newTable()
	t.announced(&pb.Settings{MaxInFlight: window})
	t.nextFrame()
	return t
}

func submitted(t *testing.T, table *table, method string) *call {
	t.Helper()
	c, err := newCall(t.Context(), Request{Method: method})
	if err == nil {
		err = table.submit(c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sent gives the methods in the next frame.
func sent(table *table) []string {
	frame, _ := table.nextFrame()
	var methods []string
	for _, item := range frame.GetItems() {
		methods = append(methods, item.GetEnvelope().GetRequest().GetMethod())
	}
	return methods
}

func TestAListenWaitsForNoPlaceAndTakesNone(t *testing.T) {
	table := opened(1)
	submitted(t, table, "first")
	submitted(t, table, "second")
	listen := submitted(t, table, listenMethod)
	if got := sent(table); len(got) != 2 || got[0] != "first" || got[1] != listenMethod {
		t.Errorf("%v is sent", got)
	}
	table.settled(&pb.RequestId{Value: &pb.RequestId_Integer{Integer: listen.id}})
	if got := sent(table); len(got) != 0 || table.taken != 1 {
		t.Errorf("%v is sent, %d places are taken", got, table.taken)
	}
	table.settled(&pb.RequestId{Value: &pb.RequestId_Integer{Integer: 1}})
	if got := sent(table); len(got) != 1 || got[0] != "second" {
		t.Errorf("%v is sent", got)
	}
}

func TestWritingEndsWhenNothingButListensIsUnderWay(t *testing.T) {
	table := opened(2)
	running := submitted(t, table, "running")
	submitted(t, table, listenMethod)
	table.close()
	if _, over := table.nextFrame(); over {
		t.Error("writing ends while a request runs")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	table.abandon(ctx, running)
	frame, over := table.nextFrame()
	note := frame.GetItems()[0].GetEnvelope().GetNotification()
	if note.GetMethod() != "notifications/cancelled" || note.GetParamsJson() != `{"requestId":1}` || over {
		t.Errorf("%v, %v", frame, over)
	}
	table.settled(&pb.RequestId{Value: &pb.RequestId_Integer{Integer: 1}})
	if _, over := table.nextFrame(); !over {
		t.Error("writing does not end")
	}
}

func TestNobodyHearsOfACallThatWasGivenUp(t *testing.T) {
	table := opened(1)
	heard := 0
	c, err := newCall(t.Context(), Request{Notify: func(string, json.RawMessage) { heard++ }})
	if err != nil || table.submit(c) != nil {
		t.Fatal(err)
	}
	note := &pb.Envelope{
		Message:          &pb.Envelope_Notification{Notification: &pb.JsonRpcNotification{Method: "m"}},
		RelatedRequestId: &pb.RequestId{Value: &pb.RequestId_Integer{Integer: 1}},
	}
	table.receive(note)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	table.abandon(ctx, c)
	table.receive(note)
	if heard != 1 {
		t.Errorf("%d were heard", heard)
	}
}

func TestASmallerWindowHoldsForWhatIsSentFromThenOn(t *testing.T) {
	table := opened(3)
	submitted(t, table, "1")
	submitted(t, table, "2")
	table.announced(&pb.Settings{MaxInFlight: 1})
	submitted(t, table, "3")
	table.settled(&pb.RequestId{Value: &pb.RequestId_Integer{Integer: 1}})
	if got := sent(table); len(got) != 2 {
		t.Errorf("%v are sent", got)
	}
	table.settled(&pb.RequestId{Value: &pb.RequestId_Integer{Integer: 2}})
	if got := sent(table); len(got) != 1 {
		t.Errorf("%v are sent", got)
	}
}
