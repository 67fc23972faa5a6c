package mcpgrpc_test

// What the tests against a live server share: `python -m tests.clients.server` prints where it is, and
// `make test-clients` starts one. Without one these tests are skipped, in CI they fail.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	mcpgrpc "github.com/mcpgrpc/mcpgrpc/clients/go"
	pb "github.com/mcpgrpc/mcpgrpc/clients/go/mcpgrpcv1"
)

// patience bounds whatever a test waits for.
const patience = time.Minute

func environment(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	switch {
	case value != "":
	case os.Getenv("CI") != "":
		t.Fatalf("%s is not set: run `make test-clients`", name)
	default:
		t.Skipf("%s is not set: run `make test-clients`", name)
	}
	return value
}

func patient(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func dial(t *testing.T, target string, options ...mcpgrpc.Option) *mcpgrpc.Client {
	t.Helper()
	client, err := mcpgrpc.Dial(target, append([]mcpgrpc.Option{mcpgrpc.WithPlaintext()}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// live is a client of the server that everybody may call.
func live(t *testing.T, options ...mcpgrpc.Option) *mcpgrpc.Client {
	t.Helper()
	return dial(t, environment(t, "MCPGRPC_ADDRESS"), options...)
}

var keys atomic.Int64

// newKey names a `wait` of this run alone.
func newKey() string {
	return fmt.Sprintf("go-%d-%d-%d", os.Getpid(), time.Now().UnixNano(), keys.Add(1))
}

func jsonText(t *testing.T, value any) *string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	whole := string(text)
	return &whole
}

func toolCall(t *testing.T, name string, arguments any) *pb.CallToolRequest {
	t.Helper()
	return &pb.CallToolRequest{Name: name, ArgumentsJson: jsonText(t, arguments)}
}

// call gives what a tool returned; it must succeed.
func call(t *testing.T, client *mcpgrpc.Client, name string, arguments any) *pb.CallToolResult {
	t.Helper()
	answer, err := client.CallTool(patient(t), toolCall(t, name, arguments))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if answer.GetComplete() == nil {
		t.Fatalf("%s: %v", name, answer)
	}
	return answer.GetComplete()
}

// openServer has a further server opened, with settings of its own.
func openServer(t *testing.T, client *mcpgrpc.Client, settings map[string]any) string {
	t.Helper()
	var opened struct {
		Address string `json:"address"`
	}
	text := call(t, client, "open_server", settings).GetStructuredContentJson()
	if err := json.Unmarshal([]byte(text), &opened); err != nil || opened.Address == "" {
		t.Fatalf("open_server: %s", text)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if _, err := client.CallTool(ctx, toolCall(t, "close_server", opened)); err != nil {
			t.Errorf("close_server: %v", err)
		}
	})
	return opened.Address
}

// failure gives the Error of a call that must fail.
func failure(t *testing.T, err error, code codes.Code, reason string) *mcpgrpc.Error {
	t.Helper()
	var failed *mcpgrpc.Error
	if !errors.As(err, &failed) {
		t.Fatalf("%v (%T) is no *mcpgrpc.Error; wanted %v %s", err, err, code, reason)
	}
	if failed.Code != code || failed.Reason != reason {
		t.Fatalf("%v; wanted %v %s", failed, code, reason)
	}
	return failed
}

func mustBe[T comparable](t *testing.T, what string, got, wanted T) {
	t.Helper()
	if got != wanted {
		t.Errorf("%s is %v; wanted %v", what, got, wanted)
	}
}

// await gives what a channel brings, or fails the test when its time is over.
func await[Value any](t *testing.T, channel <-chan Value) Value {
	t.Helper()
	select {
	case value := <-channel:
		return value
	case <-patient(t).Done():
		t.Fatal("nothing came")
		panic("unreachable")
	}
}
