package mcpgrpc_test

// Calls of tools through the typed stub, and what arrives of them.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	mcpgrpc "github.com/mcpgrpc/mcpgrpc/clients/go"
	pb "github.com/mcpgrpc/mcpgrpc/clients/go/mcpgrpcv1"
)

func TestAToolAnswersWithTextAndStructuredContent(t *testing.T) {
	result := call(t, live(t), "add", map[string]any{"a": 1, "b": 2})
	mustBe(t, "the text", result.GetContent()[0].GetText().GetText(), "3")
	var structured struct{ Result int }
	if err := json.Unmarshal([]byte(result.GetStructuredContentJson()), &structured); err != nil {
		t.Fatal(err)
	}
	mustBe(t, "the sum", structured.Result, 3)
}

func TestLargeIntegersKeepTheirDigits(t *testing.T) {
	value := json.RawMessage(`{"n":9007199254740993,"f":0.1,"nested":[null,true,"\u00e9"]}`)
	result := call(t, live(t), "echo", map[string]any{"value": value})
	for _, text := range []string{result.GetContent()[0].GetText().GetText(), result.GetStructuredContentJson()} {
		if !strings.Contains(text, "9007199254740993") {
			t.Errorf("digits are lost: %s", text)
		}
	}
}

func TestEveryContentBlockArrivesWithEveryField(t *testing.T) {
	result := call(t, live(t), "contents", map[string]any{})
	blocks := result.GetContent()
	if len(blocks) != 6 {
		t.Fatalf("%d blocks", len(blocks))
	}
	if !strings.Contains(compact(t, result.GetMetaJson()), `"com.example/blocks":6`) {
		t.Errorf("the result's _meta is %s", result.GetMetaJson())
	}
	everyByte := make([]byte, 256)
	for i := range everyByte {
		everyByte[i] = byte(i)
	}
	const meta = `{"com.example/cost":9007199254740993}`

	text := blocks[0].GetText()
	mustBe(t, "the text", text.GetText(), "A line.")
	mustBe(t, "the text's _meta", compact(t, text.GetMetaJson()), meta)
	checkAnnotations(t, text.GetAnnotations())

	image := blocks[1].GetImage()
	mustBe(t, "the image's type", image.GetMimeType(), "image/png")
	if !bytes.HasPrefix(image.GetData(), []byte("\x89PNG")) {
		t.Errorf("the image is %x", image.GetData())
	}
	checkAnnotations(t, image.GetAnnotations())

	audio := blocks[2].GetAudio()
	mustBe(t, "the audio's type", audio.GetMimeType(), "audio/wav")
	mustBe(t, "the audio", string(audio.GetData()), string(everyByte))
	mustBe(t, "the audio's _meta", compact(t, audio.GetMetaJson()), meta)

	link := blocks[3].GetResourceLink()
	mustBe(t, "the link's URI", link.GetUri(), "file:///example.txt")
	mustBe(t, "the link's name", link.GetName(), "example.txt")
	mustBe(t, "the link's title", link.GetTitle(), "Example")
	mustBe(t, "the link's description", link.GetDescription(), "A file of one line.")
	mustBe(t, "the link's type", link.GetMimeType(), "text/plain")
	mustBe(t, "the link's size", link.GetSize(), 8)
	mustBe(t, "the link's _meta", compact(t, link.GetMetaJson()), `{"com.example/link":1}`)
	mustBe(t, "the link's icons", len(link.GetIcons()), 1)
	icon := link.GetIcons()[0]
	mustBe(t, "the icon", icon.GetSrc(), "data:image/svg+xml,<svg/>")
	mustBe(t, "the icon's type", icon.GetMimeType(), "image/svg+xml")
	mustBe(t, "the icon's sizes", strings.Join(icon.GetSizes(), " "), "any")
	mustBe(t, "the icon's theme", icon.GetTheme(), pb.IconTheme_ICON_THEME_DARK)
	checkAnnotations(t, link.GetAnnotations())

	embedded := blocks[4].GetResource()
	mustBe(t, "the embedded text", embedded.GetResource().GetText(), "A line.\n")
	mustBe(t, "its URI", embedded.GetResource().GetUri(), "file:///example.txt")
	mustBe(t, "its type", embedded.GetResource().GetMimeType(), "text/plain")
	checkAnnotations(t, embedded.GetAnnotations())

	binary := blocks[5].GetResource()
	mustBe(t, "the embedded bytes", string(binary.GetResource().GetBlob()), string(everyByte))
	mustBe(t, "their _meta", compact(t, binary.GetMetaJson()), meta)
}

func checkAnnotations(t *testing.T, annotations *pb.Annotations) {
	t.Helper()
	wanted := &pb.Annotations{
		Audience:     []pb.Role{pb.Role_ROLE_USER, pb.Role_ROLE_ASSISTANT},
		Priority:     proto.Float64(0.5),
		LastModified: proto.String("2026-07-28T12:00:00Z"),
	}
	if !proto.Equal(annotations, wanted) {
		t.Errorf("annotations are %v", annotations)
	}
}

func compact(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, []byte(text)); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return out.String()
}

func TestAToolThatFailsIsNoError(t *testing.T) {
	result := call(t, live(t), "fail", map[string]any{"message": "no luck"})
	mustBe(t, "is_error", result.GetIsError(), true)
	mustBe(t, "the text", result.GetContent()[0].GetText().GetText(), "no luck")
}

func TestAnErrorOfMCPBringsItsCodeAndData(t *testing.T) {
	client := live(t)
	arguments := map[string]any{"code": 4321, "message": "not today", "data": json.RawMessage(`{"n":9007199254740993}`)}
	_, err := client.CallTool(patient(t), toolCall(t, "refuse", arguments))
	failed := failure(t, err, codes.Unknown, "APPLICATION_ERROR")
	mustBe(t, "the domain", failed.Domain, mcpgrpc.DomainMCP)
	mustBe(t, "the code", failed.RPCCode, 4321)
	mustBe(t, "the message", failed.Message, "not today")
	mustBe(t, "the data", compact(t, string(failed.Data)), `{"n":9007199254740993}`)
	mustBe(t, "not started", failed.NotStarted(), false)
	mustBe(t, "gRPC's own status", status.Code(fmt.Errorf("wrapped: %w", err)), codes.Unknown)
}

func TestAnApplicationCannotForgeARefusal(t *testing.T) {
	arguments := map[string]any{"code": 14, "message": "draining", "data": map[string]any{"reason": "DRAINING", "execution": "NOT_STARTED"}}
	_, err := live(t).CallTool(patient(t), toolCall(t, "refuse", arguments))
	failed := failure(t, err, codes.Unknown, "APPLICATION_ERROR")
	mustBe(t, "not started", failed.NotStarted(), false)
}

func TestAnErrorTooLargeForTrailersKeepsItsStatus(t *testing.T) {
	_, err := live(t).CallTool(patient(t), toolCall(t, "explode", map[string]any{}))
	failed := failure(t, err, codes.Unknown, "APPLICATION_ERROR")
	mustBe(t, "the code", failed.RPCCode, -32000)
	if length := len(failed.Message); length == 0 || length > 768 {
		t.Errorf("the message has %d bytes", length)
	}
}

func TestDataTooLargeForTrailersIsMeasured(t *testing.T) {
	arguments := map[string]any{"code": 1, "message": "m", "data": strings.Repeat("x", 10_000)}
	_, err := live(t).CallTool(patient(t), toolCall(t, "refuse", arguments))
	failed := failure(t, err, codes.Unknown, "APPLICATION_ERROR")
	mustBe(t, "the size of the data", failed.DataBytes, 10_002)
	mustBe(t, "the data", string(failed.Data), "")
}

// waits is what the server tells of its `wait`s.
func TestAWatchTellsProgressAndLogsBeforeTheResult(t *testing.T) {
	watched := toolCall(t, "steps", map[string]any{"total": 3})
	watched.Context = &pb.RequestContext{LogLevel: pb.LoggingLevel_LOGGING_LEVEL_INFO}
	var told []string
	for event, err := range live(t).Watch(patient(t), watched) {
		if err != nil {
			t.Fatal(err)
		}
		switch event := event.GetEvent().(type) {
		case *pb.WatchToolResponse_Progress:
			told = append(told, fmt.Sprintf("progress %g/%g", event.Progress.GetProgress(), event.Progress.GetTotal()))
		case *pb.WatchToolResponse_Log:
			told = append(told, fmt.Sprintf("%v %s", event.Log.GetLevel(), event.Log.GetDataJson()))
		case *pb.WatchToolResponse_Result:
			told = append(told, event.Result.GetComplete().GetContent()[0].GetText().GetText())
		}
	}
	wanted := []string{
		"progress 1/3", `LOGGING_LEVEL_INFO "step 1"`,
		"progress 2/3", `LOGGING_LEVEL_INFO "step 2"`,
		"progress 3/3", `LOGGING_LEVEL_INFO "step 3"`,
		"done",
	}
	mustBe(t, "what was told", strings.Join(told, "\n"), strings.Join(wanted, "\n"))
}

func TestAClientThatStopsReadingLosesNothingAndHoldsNobodyUp(t *testing.T) {
	client := live(t)
	const total = 3000 // more than the windows of HTTP/2 hold
	stream, err := client.WatchTool(patient(t), &pb.WatchToolRequest{Call: toolCall(t, "steps", map[string]any{"total": total})})
	if err != nil {
		t.Fatal(err)
	}
	first, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	mustBe(t, "the first step", first.GetProgress().GetProgress(), 1)
	mustBe(t, "another call", call(t, client, "add", map[string]any{"a": 1, "b": 2}).GetContent()[0].GetText().GetText(), "3")
	for step := 2; step <= total; step++ {
		event, err := stream.Recv()
		if err != nil || event.GetProgress().GetProgress() != float64(step) {
			t.Fatalf("step %d is %v, %v", step, event, err)
		}
	}
	last, err := stream.Recv()
	if err != nil || last.GetResult().GetComplete() == nil {
		t.Errorf("the last event is %v, %v", last, err)
	}
}

func TestInputThatIsRequiredIsAskedForAndSent(t *testing.T) {
	client := live(t)
	request := toolCall(t, "confirm", map[string]any{"question": "Really?"})
	request.Context = &pb.RequestContext{ClientCapabilitiesJson: proto.String(`{"elicitation":{}}`)}
	first, err := client.CallTool(patient(t), request)
	if err != nil {
		t.Fatal(err)
	}
	asked := first.GetInputRequired()
	mustBe(t, "what is asked", asked.GetInputRequests()["answer"].GetMethod(), "elicitation/create")
	if !strings.Contains(asked.GetInputRequests()["answer"].GetParamsJson(), "Really?") {
		t.Errorf("the question is %v", asked)
	}
	request.Retry = &pb.InputRetry{
		InputResponsesJson: map[string]string{"answer": `{"action":"accept","content":{"answer":"yes"}}`},
		RequestState:       asked.RequestState,
	}
	second, err := client.CallTool(patient(t), request)
	if err != nil {
		t.Fatal(err)
	}
	mustBe(t, "the answer", second.GetComplete().GetContent()[0].GetText().GetText(), `accept {"answer":"yes"}`)
}

func TestBadInputIsRefusedByNameBeforeTheTool(t *testing.T) {
	unknownLevel := toolCall(t, "add", map[string]any{"a": 1, "b": 2})
	unknownLevel.Context = &pb.RequestContext{LogLevel: 99}
	cases := map[string]struct {
		request *pb.CallToolRequest
		reason  string
		names   string
	}{
		"a required field unset": {&pb.CallToolRequest{}, "INVALID_PARAMS", "name"},
		"an unknown enum value":  {unknownLevel, "INVALID_PARAMS", "log_level"},
		"arguments no JSON":      {&pb.CallToolRequest{Name: "add", ArgumentsJson: proto.String(`{"a":`)}, "PARSE_ERROR", "arguments_json"},
		"arguments empty text":   {&pb.CallToolRequest{Name: "add", ArgumentsJson: proto.String("")}, "PARSE_ERROR", "arguments_json"},
		"arguments no object":    {&pb.CallToolRequest{Name: "add", ArgumentsJson: proto.String(`[1,2]`)}, "INVALID_PARAMS", "arguments_json"},
		"a tool that is not":     {&pb.CallToolRequest{Name: "nothing"}, "INVALID_PARAMS", "nothing"},
	}
	client := live(t)
	for name, each := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := client.CallTool(patient(t), each.request)
			failed := failure(t, err, codes.InvalidArgument, each.reason)
			if !strings.Contains(failed.Message, each.names) {
				t.Errorf("%q does not name %s", failed.Message, each.names)
			}
		})
	}
}
