package mcpgrpc_test

// Listing, reading, getting, completing, discovering and subscribing.

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	mcpgrpc "github.com/mcpgrpc/mcpgrpc/clients/go"
	pb "github.com/mcpgrpc/mcpgrpc/clients/go/mcpgrpcv1"
)

// counted gives every item of a listing by its name, and how often each came.
func counted[Item any](t *testing.T, listing iter.Seq2[Item, error], name func(Item) string) map[string]int {
	t.Helper()
	found := map[string]int{}
	for item, err := range listing {
		if err != nil {
			t.Fatal(err)
		}
		found[name(item)]++
	}
	return found
}

func mustHaveEachOnce(t *testing.T, found map[string]int, most int, some ...string) {
	t.Helper()
	for name, times := range found {
		mustBe(t, name, times, 1)
	}
	for _, name := range some {
		mustBe(t, name, found[name], 1)
	}
	if len(found) < most {
		t.Errorf("%d items; wanted %d", len(found), most)
	}
}

func TestEveryToolIsListedOnceThroughSeveralPages(t *testing.T) {
	client := live(t)
	found := counted(t, client.Tools(patient(t)), (*pb.Tool).GetName)
	mustHaveEachOnce(t, found, 38, "add", "extra_00", "extra_24")
	page, err := client.ListTools(patient(t), &pb.ListToolsRequest{})
	if err != nil || page.GetComplete().NextCursor == nil {
		t.Errorf("one page holds all: %v, %v", page, err)
	}
}

func TestAToolIsListedWithEveryField(t *testing.T) {
	for tool, err := range live(t).Tools(patient(t)) {
		if err != nil {
			t.Fatal(err)
		}
		if tool.GetName() != "add" {
			continue
		}
		mustBe(t, "the title", tool.GetTitle(), "Add")
		mustBe(t, "the description", tool.GetDescription(), "Adds two numbers.")
		mustBe(t, "the annotated title", tool.GetAnnotations().GetTitle(), "Add two numbers")
		mustBe(t, "the hint", tool.GetAnnotations().GetReadOnlyHint(), true)
		mustBe(t, "an unset hint", tool.GetAnnotations().DestructiveHint == nil, true)
		mustBe(t, "icons", len(tool.GetIcons()), 1)
		mustBe(t, "_meta", compact(t, tool.GetMetaJson()), `{"com.example/kind":"arithmetic"}`)
		for _, schema := range []string{tool.GetInputSchemaJson(), tool.GetOutputSchemaJson()} {
			if !strings.Contains(schema, `"required"`) {
				t.Errorf("a schema is %s", schema)
			}
		}
		return
	}
	t.Error("add is not listed")
}

func TestLeavingAListingAsksForNoFurtherPage(t *testing.T) {
	asked := 0
	count := func(
		ctx context.Context, method string, request, reply any, connection *grpc.ClientConn,
		invoke grpc.UnaryInvoker, options ...grpc.CallOption,
	) error {
		asked++
		return invoke(ctx, method, request, reply, connection, options...)
	}
	client := live(t, mcpgrpc.WithDialOptions(grpc.WithChainUnaryInterceptor(count)))
	for range client.Tools(patient(t)) {
		break
	}
	mustBe(t, "pages asked for", asked, 1)
}

func TestACursorOfAnotherListIsRefused(t *testing.T) {
	client := live(t)
	page, err := client.ListTools(patient(t), &pb.ListToolsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.ListResources(patient(t), &pb.ListResourcesRequest{Cursor: page.GetComplete().NextCursor})
	failure(t, err, codes.InvalidArgument, "INVALID_PARAMS")
}

func TestResourcesTemplatesAndPromptsAreListedOnce(t *testing.T) {
	client := live(t)
	resources := counted(t, client.Resources(patient(t)), (*pb.Resource).GetUri)
	mustHaveEachOnce(t, resources, 27, "file:///example.txt", "file:///pixel.bin", "file:///page_24")
	templates := counted(t, client.ResourceTemplates(patient(t)), (*pb.ResourceTemplate).GetUriTemplate)
	mustHaveEachOnce(t, templates, 1, "file:///{name}")
	prompts := counted(t, client.Prompts(patient(t)), (*pb.Prompt).GetName)
	mustHaveEachOnce(t, prompts, 1, "review")
}

func TestAnIteratorGivesTheErrorAndEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(patient(t))
	cancel()
	times := 0
	for _, err := range live(t).Resources(ctx) {
		times++
		failure(t, err, codes.Canceled, "")
	}
	mustBe(t, "rounds", times, 1)
}

func TestTextAndBytesOfResourcesAreRead(t *testing.T) {
	client := live(t)
	text, err := client.ReadResource(patient(t), &pb.ReadResourceRequest{Uri: "file:///example.txt"})
	if err != nil {
		t.Fatal(err)
	}
	contents := text.GetComplete().GetContents()
	mustBe(t, "the text", contents[0].GetText(), "A line.\n")
	mustBe(t, "its type", contents[0].GetMimeType(), "text/plain")
	binary, err := client.ReadResource(patient(t), &pb.ReadResourceRequest{Uri: "file:///pixel.bin"})
	if err != nil {
		t.Fatal(err)
	}
	blob := binary.GetComplete().GetContents()[0].GetBlob()
	mustBe(t, "its size", len(blob), 256)
	for i, each := range blob {
		mustBe(t, "a byte", each, byte(i))
	}
}

func TestAResourceThatDoesNotExistIsNamedInTheErrorsData(t *testing.T) {
	_, err := live(t).ReadResource(patient(t), &pb.ReadResourceRequest{Uri: "file:///nothing"})
	failed := failure(t, err, codes.InvalidArgument, "INVALID_PARAMS")
	mustBe(t, "the code", failed.RPCCode, -32602)
	mustBe(t, "the data", compact(t, string(failed.Data)), `{"uri":"file:///nothing"}`)
}

func TestAPromptIsFilledIn(t *testing.T) {
	answer, err := live(t).GetPrompt(patient(t), &pb.GetPromptRequest{
		Name: "review", Arguments: map[string]string{"code": "x = 1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	message := answer.GetComplete().GetMessages()[0]
	mustBe(t, "the role", message.GetRole(), pb.Role_ROLE_USER)
	if !strings.Contains(message.GetContent().GetText().GetText(), "x = 1") {
		t.Errorf("the message is %v", message)
	}
}

func TestAnArgumentIsCompleted(t *testing.T) {
	answer, err := live(t).Complete(patient(t), &pb.CompleteRequest{
		Ref:      &pb.CompleteRequest_Prompt{Prompt: &pb.PromptReference{Name: "review"}},
		Argument: &pb.CompletionArgument{Name: "code", Value: "py"},
	})
	if err != nil {
		t.Fatal(err)
	}
	mustBe(t, "the values", strings.Join(answer.GetComplete().GetCompletion().GetValues(), " "), "python")
}

func TestAServerTellsWhatItOffers(t *testing.T) {
	answer, err := live(t).Discover(patient(t), &pb.DiscoverRequest{})
	if err != nil {
		t.Fatal(err)
	}
	told := answer.GetComplete()
	if !strings.Contains(strings.Join(told.GetSupportedVersions(), " "), "2026-07-28") {
		t.Errorf("versions are %v", told.GetSupportedVersions())
	}
	mustBe(t, "instructions", told.GetInstructions(), "Call `add`.")
	if told.GetCapabilities().GetTools() == nil || !strings.Contains(told.GetMetaJson(), `"1.2.3"`) {
		t.Errorf("it tells %v", told)
	}
}

func TestChangesArriveUntilTheLoopIsLeft(t *testing.T) {
	client := live(t)
	filter := &pb.SubscriptionFilter{
		ToolsListChanged: proto.Bool(true), ResourceSubscriptions: []string{"file:///example.txt"},
	}
	heard := map[string]bool{}
	for event, err := range client.Changes(patient(t), filter) {
		if err != nil {
			t.Fatal(err)
		}
		switch event := event.GetEvent().(type) {
		case *pb.ListenResponse_Acknowledged:
			mustBe(t, "the filter", proto.Equal(event.Acknowledged.GetNotifications(), filter), true)
			call(t, client, "change", map[string]any{})
		case *pb.ListenResponse_ToolsListChanged:
			heard["tools"] = true
		case *pb.ListenResponse_ResourceUpdated:
			heard[event.ResourceUpdated.GetUri()] = true
		}
		if heard["tools"] && heard["file:///example.txt"] {
			return
		}
	}
	t.Errorf("the subscription ended; heard %v", heard)
}

func TestASubscriptionEndsWhenItIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(patient(t))
	defer cancel()
	stream, err := live(t).Listen(ctx, &pb.ListenRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if event, err := stream.Recv(); err != nil || event.GetAcknowledged() == nil {
		t.Fatalf("%v, %v", event, err)
	}
	cancel()
	_, err = stream.Recv()
	mustBe(t, "a good end", errors.Is(err, io.EOF), false)
	failure(t, err, codes.Canceled, "")
}
