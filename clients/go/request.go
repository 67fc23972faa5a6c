package mcpgrpc

// A request of a Session, before and while it is under way. Which requests may be sent is the
// Session's to say.

import (
	"context"
	"encoding/json"
	"maps"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/mcpgrpc/mcpgrpc/clients/go/mcpgrpcv1"
)

// Request is one of MCP's, in the words of JSON-RPC.
type Request struct {
	// Method is such as "tools/call".
	Method string
	// Params are its parameters; `_meta` is added where it lacks. Large numbers keep their digits as
	// json.RawMessage or json.Number.
	Params map[string]any
	// Notify hears what belongs to the request, such as its progress, before [Session.Call] returns. It
	// runs where the stream is read, which waits for it.
	Notify func(method string, params json.RawMessage)
}

type notify = func(method string, params json.RawMessage)

const listenMethod = "subscriptions/listen"

// meta is what the modern era demands of each request.
var meta = map[string]any{
	"io.modelcontextprotocol/protocolVersion":    "2026-07-28",
	"io.modelcontextprotocol/clientCapabilities": map[string]any{},
}

// call is a request that waits for its answer.
type call struct {
	id       int64
	listens  bool
	envelope *pb.Envelope
	notify   notify
	done     chan outcome
}

type outcome struct {
	result json.RawMessage
	err    error
}

func newCall(ctx context.Context, request Request) (*call, error) {
	if ctx.Err() != nil {
		return nil, contextError(ctx, notStarted)
	}
	params := maps.Clone(request.Params)
	if params == nil {
		params = map[string]any{}
	}
	if _, has := params["_meta"]; !has {
		params["_meta"] = meta
	}
	text, err := json.Marshal(params)
	if err != nil {
		said := "the params are no JSON: " + err.Error()
		return nil, ownError(codes.InvalidArgument, "", notStarted, said)
	}
	whole := string(text)
	sent := &pb.JsonRpcRequest{Method: request.Method, ParamsJson: &whole}
	envelope := &pb.Envelope{Message: &pb.Envelope_Request{Request: sent}}
	if deadline, has := ctx.Deadline(); has {
		envelope.Timeout = durationpb.New(time.Until(deadline))
	}
	return &call{
		listens:  request.Method == listenMethod,
		envelope: envelope,
		notify:   request.Notify,
		done:     make(chan outcome, 1),
	}, nil
}

// number gives the request its id and what the stream carries of it.
func (c *call) number(id int64) *pb.ClientItem {
	c.id = id
	c.envelope.GetRequest().Id = &pb.RequestId{Value: &pb.RequestId_Integer{Integer: id}}
	return envelopeItem(c.envelope)
}

// cancelled tells the server that nobody waits for the request any more.
func (c *call) cancelled() *pb.ClientItem {
	params := `{"requestId":` + strconv.FormatInt(c.id, 10) + `}`
	note := &pb.JsonRpcNotification{Method: "notifications/cancelled", ParamsJson: &params}
	return envelopeItem(&pb.Envelope{Message: &pb.Envelope_Notification{Notification: note}})
}

func envelopeItem(envelope *pb.Envelope) *pb.ClientItem {
	return &pb.ClientItem{Item: &pb.ClientItem_Envelope{Envelope: envelope}}
}

// outcomeOf reads a response.
func outcomeOf(response *pb.JsonRpcResponse) outcome {
	if response.GetError() != nil {
		return outcome{err: fromResponse(response)}
	}
	text := response.GetResultJson()
	if !strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") || !json.Valid([]byte(text)) {
		said := "the server answered with a result that is no JSON object"
		return outcome{err: ownError(codes.Internal, "", maybe, said)}
	}
	return outcome{result: json.RawMessage(text)}
}
