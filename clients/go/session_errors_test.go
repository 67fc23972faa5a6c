package mcpgrpc_test

// Errors of single requests on a Session.

import (
	"errors"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	mcpgrpc "github.com/mcpgrpc/mcpgrpc/clients/go"
)

func TestARequestLargerThanTheServerTakesIsNotSent(t *testing.T) {
	client := live(t)
	session := openSession(t, dial(t, openServer(t, client, map[string]any{"max_message_bytes": 65536})))
	_, err := session.Call(patient(t), tool("echo", map[string]any{"value": strings.Repeat("x", 65536)}))
	mustBe(t, "not started", failure(t, err, codes.ResourceExhausted, "MESSAGE_TOO_LARGE").NotStarted(), true)
	if _, err := session.Call(patient(t), tool("echo", map[string]any{"value": strings.Repeat("x", 60000)})); err != nil {
		t.Error(err)
	}
}

func TestAnErrorOfMCPOnASessionIsAsATypedCallHasIt(t *testing.T) {
	client := live(t)
	session := openSession(t, client)
	for _, code := range []int{-32700, -32600, -32601, -32602, -32603, -32020, -32021, -32022, -1, 4321} {
		arguments := map[string]any{"code": code, "message": "not today", "data": map[string]any{"n": 1}}
		_, err := session.Call(patient(t), tool("refuse", arguments))
		var here, there *mcpgrpc.Error
		if !errors.As(err, &here) {
			t.Fatalf("%d: %v", code, err)
		}
		_, err = client.CallTool(patient(t), toolCall(t, "refuse", arguments))
		if !errors.As(err, &there) {
			t.Fatalf("%d: %v", code, err)
		}
		mustBe(t, "the status", here.Code, there.Code)
		mustBe(t, "the error", here.Error(), there.Error())
		mustBe(t, "the domain", here.Domain, there.Domain)
		mustBe(t, "the code", here.RPCCode, there.RPCCode)
		mustBe(t, "the data", compact(t, string(here.Data)), compact(t, string(there.Data)))
		mustBe(t, "not started", here.NotStarted(), there.NotStarted())
	}
}

func TestARefusalOnASessionSaysWhy(t *testing.T) {
	client := live(t)
	ruled := openSession(t, dial(t, openServer(t, client, map[string]any{"policy": true})))
	_, err := ruled.Call(patient(t), tool("add", map[string]any{"a": 1, "b": 1}))
	mustBeRefusal(t, err, codes.PermissionDenied, "FORBIDDEN")
	limited := openSession(t, dial(t, openServer(t, client, map[string]any{"rate_limit": "2/minute"})))
	for err = nil; err == nil; {
		_, err = limited.Call(patient(t), tool("add", map[string]any{"a": 1, "b": 1}))
	}
	failed := mustBeRefusal(t, err, codes.ResourceExhausted, "RATE_LIMITED")
	mustBe(t, "a time to wait", failed.RetryAfter > 0, true)
}
