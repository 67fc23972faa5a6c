package mcpgrpc_test

// Calls that end before their tool has: by a deadline, by cancelling, by leaving a loop.

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	mcpgrpc "github.com/mcpgrpc/mcpgrpc/clients/go"
	pb "github.com/mcpgrpc/mcpgrpc/clients/go/mcpgrpcv1"
)

func TestADeadlineThatPassesCancelsTheToolAtTheServer(t *testing.T) {
	client := live(t)
	for timeout := 200 * time.Millisecond; ; timeout *= 2 {
		key := newKey()
		ctx, cancel := context.WithTimeout(patient(t), timeout)
		_, err := client.CallTool(ctx, toolCall(t, "wait", map[string]any{"key": key}))
		cancel()
		failed := &mcpgrpc.Error{}
		if !errors.As(err, &failed) || failed.Code != codes.DeadlineExceeded {
			t.Fatalf("%v; wanted DEADLINE_EXCEEDED", err)
		}
		mustBe(t, "context.DeadlineExceeded", errors.Is(err, context.DeadlineExceeded), true)
		mustBe(t, "not started", failed.NotStarted(), false)
		if begun(t, client, key) {
			mustHaveBeenCancelled(t, client, key)
			return
		}
	}
}

type waits struct{ Begun, Cancelled map[string]int }

func waitsOf(t *testing.T, client *mcpgrpc.Client) waits {
	t.Helper()
	var told waits
	text := call(t, client, "waits", map[string]any{}).GetStructuredContentJson()
	if err := json.Unmarshal([]byte(text), &told); err != nil {
		t.Fatal(err)
	}
	return told
}

func begun(t *testing.T, client *mcpgrpc.Client, key string) bool {
	t.Helper()
	return waitsOf(t, client).Begun[key] > 0
}

func mustHaveBeenCancelled(t *testing.T, client *mcpgrpc.Client, key string) {
	t.Helper()
	call(t, client, "settled", map[string]any{"key": key})
	mustBe(t, "cancelled waits", waitsOf(t, client).Cancelled[key], 1)
}

func TestACallThatIsCancelledIsCancelledAtTheServer(t *testing.T) {
	client, key := live(t), newKey()
	ctx, cancel := context.WithCancel(patient(t))
	defer cancel()
	var last error
	for event, err := range client.Watch(ctx, toolCall(t, "wait", map[string]any{"key": key})) {
		if event.GetProgress() != nil {
			cancel()
		}
		last = err
	}
	failed := failure(t, last, codes.Canceled, "")
	mustBe(t, "context.Canceled", errors.Is(failed, context.Canceled), true)
	mustHaveBeenCancelled(t, client, key)
}

func TestLeavingAWatchCancelsTheTool(t *testing.T) {
	client, key := live(t), newKey()
	for event, err := range client.Watch(t.Context(), toolCall(t, "wait", map[string]any{"key": key})) {
		if err != nil || event.GetProgress().GetMessage() != "begun" {
			t.Fatalf("%v, %v", event, err)
		}
		break
	}
	mustHaveBeenCancelled(t, client, key)
}

func TestADeadlineOfZeroSendsNothing(t *testing.T) {
	client, key := live(t), newKey()
	ctx, cancel := context.WithTimeout(patient(t), 0)
	defer cancel()
	_, err := client.CallTool(ctx, toolCall(t, "wait", map[string]any{"key": key}))
	mustBe(t, "not started", failure(t, err, codes.DeadlineExceeded, "").NotStarted(), true)
	_, err = client.WatchTool(ctx, &pb.WatchToolRequest{Call: toolCall(t, "wait", map[string]any{"key": key})})
	mustBe(t, "not started", failure(t, err, codes.DeadlineExceeded, "").NotStarted(), true)
	mustBe(t, "begun", begun(t, client, key), false)
}

func TestTheClientsOwnDeadlineHoldsWhereTheContextHasNone(t *testing.T) {
	client := live(t, mcpgrpc.WithTimeout(time.Millisecond))
	_, err := client.CallTool(t.Context(), toolCall(t, "wait", map[string]any{"key": newKey()}))
	mustBe(t, "the status", status.Code(err), codes.DeadlineExceeded)
}
