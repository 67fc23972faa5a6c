package mcpgrpc

// What a request of a Session says of itself.

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
)

func TestARequestSaysHowLongItMayTake(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	bounded, err := newCall(ctx, Request{Method: "m"})
	if err != nil {
		t.Fatal(err)
	}
	if timeout := bounded.envelope.GetTimeout().AsDuration(); timeout <= 0 || timeout > time.Hour {
		t.Errorf("the timeout is %v", timeout)
	}
	unbounded, err := newCall(t.Context(), Request{Method: "m"})
	if err != nil || unbounded.envelope.Timeout != nil {
		t.Errorf("the timeout is %v, %v", unbounded.envelope.GetTimeout(), err)
	}
}

func TestParamsKeepTheirOwnMetaAndAreNotChanged(t *testing.T) {
	params := map[string]any{"n": json.RawMessage("9007199254740993")}
	bare, err := newCall(t.Context(), Request{Params: params})
	if err != nil {
		t.Fatal(err)
	}
	wanted := `{"_meta":{"io.modelcontextprotocol/clientCapabilities":{},` +
		`"io.modelcontextprotocol/protocolVersion":"2026-07-28"},"n":9007199254740993}`
	if got := bare.envelope.GetRequest().GetParamsJson(); got != wanted || len(params) != 1 {
		t.Errorf("%s, and %v is left", got, params)
	}
	own, err := newCall(t.Context(), Request{Params: map[string]any{"_meta": map[string]any{"a": 1}}})
	if got := own.envelope.GetRequest().GetParamsJson(); err != nil || got != `{"_meta":{"a":1}}` {
		t.Errorf("%s, %v", got, err)
	}
}

func TestParamsThatAreNoJSONAreRefusedBeforeTheyAreSent(t *testing.T) {
	_, err := newCall(t.Context(), Request{Params: map[string]any{"f": func() {}}})
	var failed *Error
	if !errors.As(err, &failed) || failed.Code != codes.InvalidArgument || !failed.NotStarted() {
		t.Errorf("%v", err)
	}
}
