package mcpgrpc_test

// Sessions with a live server.

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"

	mcpgrpc "github.com/mcpgrpc/mcpgrpc/clients/go"
)

func openSession(t *testing.T, client *mcpgrpc.Client) *mcpgrpc.Session {
	t.Helper()
	session, err := client.OpenSession(patient(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel() // what a test left under way is cancelled
		_ = session.Close(ended)
	})
	return session
}

func tool(name string, arguments any) mcpgrpc.Request {
	return mcpgrpc.Request{Method: "tools/call", Params: map[string]any{"name": name, "arguments": arguments}}
}

// textOf gives the text of a result's first content block.
func textOf(result json.RawMessage) string {
	var read struct{ Content []struct{ Text string } }
	if json.Unmarshal(result, &read) != nil || len(read.Content) == 0 {
		return ""
	}
	return read.Content[0].Text
}

// begin sends a `wait` and gives what will be its error, once the tool has begun.
func begin(ctx context.Context, t *testing.T, session *mcpgrpc.Session, key string) <-chan error {
	t.Helper()
	began, failed := make(chan struct{}, 1), make(chan error, 1)
	request := tool("wait", map[string]any{"key": key})
	request.Params["_meta"] = map[string]any{
		"io.modelcontextprotocol/protocolVersion":    "2026-07-28",
		"io.modelcontextprotocol/clientCapabilities": map[string]any{},
		"progressToken": key,
	}
	request.Notify = func(method string, params json.RawMessage) {
		if method == "notifications/progress" && strings.Contains(string(params), key) {
			began <- struct{}{}
		}
	}
	go func() {
		_, err := session.Call(ctx, request)
		failed <- err
	}()
	select {
	case <-began:
	case err := <-failed:
		t.Fatalf("wait ended before it began: %v", err)
	}
	return failed
}

// observed gives a context that tells when a call with it has been handed to the stream or to those
// that wait: only then a call asks when the context is done.
func observed(t *testing.T) (context.Context, <-chan struct{}) {
	t.Helper()
	submitted := make(chan struct{})
	return &observedContext{Context: patient(t), submitted: submitted}, submitted
}

type observedContext struct {
	context.Context
	once      sync.Once
	submitted chan struct{}
}

func (c *observedContext) Done() <-chan struct{} {
	c.once.Do(func() { close(c.submitted) })
	return c.Context.Done()
}

func TestTwoHundredCallsOnOneStreamGetEachItsOwnAnswer(t *testing.T) {
	session := openSession(t, live(t))
	var calls sync.WaitGroup
	for i := range 200 {
		calls.Go(func() {
			result, err := session.Call(patient(t), tool("add", map[string]any{"a": i, "b": 1000}))
			if got := textOf(result); err != nil || got != fmt.Sprint(i+1000) {
				t.Errorf("%d + 1000 is %q, %v", i, got, err)
			}
		})
	}
	calls.Wait()
}

func TestCallsWaitForAPlaceInTheWindow(t *testing.T) {
	client := live(t)
	session := openSession(t, dial(t, openServer(t, client, map[string]any{"window": 4})))
	ctx, cancel := context.WithCancel(patient(t))
	defer cancel()
	var held []<-chan error
	for range 4 {
		held = append(held, begin(ctx, t, session, newKey()))
	}
	var calls sync.WaitGroup
	for i := range 40 {
		calls.Go(func() {
			result, err := session.Call(patient(t), tool("add", map[string]any{"a": i, "b": 1}))
			if got := textOf(result); err != nil || got != fmt.Sprint(i+1) {
				t.Errorf("%d + 1 is %q, %v", i, got, err)
			}
		})
	}
	// A call whose time ends while it waits has certainly not run.
	late, stop := context.WithCancel(ctx)
	lost := make(chan error, 1)
	calls.Go(func() {
		_, err := session.Call(late, tool("add", map[string]any{"a": 1, "b": 1}))
		lost <- err
	})
	stop()
	mustBe(t, "not started", failure(t, await(t, lost), codes.Canceled, "").NotStarted(), true)
	cancel()
	for _, failed := range held {
		failure(t, await(t, failed), codes.Canceled, "")
	}
	calls.Wait()
}

func TestACancelledCallIsCancelledAtTheServerAndFreesItsPlace(t *testing.T) {
	client, key := live(t), newKey()
	session := openSession(t, dial(t, openServer(t, client, map[string]any{"window": 1})))
	ctx, cancel := context.WithCancel(patient(t))
	failed := begin(ctx, t, session, key)
	cancel()
	mustBe(t, "not started", failure(t, await(t, failed), codes.Canceled, "").NotStarted(), false)
	mustHaveBeenCancelled(t, client, key)
	if _, err := session.Call(patient(t), tool("add", map[string]any{"a": 1, "b": 1})); err != nil {
		t.Error(err)
	}
}

func TestWhatIsUnderWayFinishesAfterGoAwayAndNothingElseIsSent(t *testing.T) {
	client, key := live(t), newKey()
	address := openServer(t, client, map[string]any{})
	session := openSession(t, dial(t, address))
	waiting, cancel := context.WithCancel(patient(t))
	other := begin(waiting, t, openSession(t, client), key)
	// It runs at the server that drains, until the wait at the other one has ended.
	finished := make(chan error, 1)
	var result json.RawMessage
	ctx, submitted := observed(t)
	go func() {
		var err error
		result, err = session.Call(ctx, tool("settled", map[string]any{"key": key}))
		finished <- err
	}()
	await(t, submitted)
	// Answered on the same stream, so the call before it has been taken.
	if _, err := session.Call(patient(t), tool("add", map[string]any{"a": 1, "b": 1})); err != nil {
		t.Fatal(err)
	}
	call(t, client, "drain_server", map[string]any{"address": address})
	for session.Err() == nil {
		_, _ = session.Call(patient(t), tool("add", map[string]any{"a": 1, "b": 1}))
	}
	_, err := session.Call(patient(t), tool("add", map[string]any{"a": 1, "b": 1}))
	mustBe(t, "not started", failure(t, err, codes.Unavailable, "DRAINING").NotStarted(), true)
	cancel()
	failure(t, await(t, other), codes.Canceled, "")
	if err := await(t, finished); err != nil || textOf(result) != "settled" {
		t.Errorf("the call under way: %s, %v", result, err)
	}
	if err := session.Close(patient(t)); err != nil {
		t.Errorf("the stream ended with %v", err)
	}
}

func TestADeadlineOfZeroOnASessionSendsNothing(t *testing.T) {
	client, key := live(t), newKey()
	session := openSession(t, client)
	ctx, cancel := context.WithTimeout(patient(t), 0)
	defer cancel()
	_, err := session.Call(ctx, tool("wait", map[string]any{"key": key}))
	mustBe(t, "not started", failure(t, err, codes.DeadlineExceeded, "").NotStarted(), true)
	if _, err := session.Call(patient(t), tool("add", map[string]any{"a": 1, "b": 1})); err != nil {
		t.Fatal(err)
	}
	mustBe(t, "begun", begun(t, client, key), false)
}

func TestALargeResultArrivesInPieces(t *testing.T) {
	session := openSession(t, live(t))
	const size = 3 << 20
	result, err := session.Call(patient(t), tool("large", map[string]any{"bytes": size}))
	if err != nil {
		t.Fatal(err)
	}
	mustBe(t, "its length", len(textOf(result)), size)
}

func TestASubscriptionOnASessionHearsChangesUntilItIsCancelled(t *testing.T) {
	client := live(t)
	session := openSession(t, dial(t, openServer(t, client, map[string]any{"window": 1})))
	ctx, cancel := context.WithCancel(patient(t))
	heard, ended := make(chan string, 100), make(chan error, 1)
	listen := mcpgrpc.Request{
		Method: "subscriptions/listen",
		Params: map[string]any{"notifications": map[string]any{"toolsListChanged": true}},
		Notify: func(method string, _ json.RawMessage) { heard <- method },
	}
	go func() {
		_, err := session.Call(ctx, listen)
		ended <- err
	}()
	mustBe(t, "first", await(t, heard), "notifications/subscriptions/acknowledged")
	// It takes no place of the window, which has but one.
	if _, err := session.Call(patient(t), tool("change", map[string]any{})); err != nil {
		t.Fatal(err)
	}
	mustBe(t, "then", await(t, heard), "notifications/tools/list_changed")
	cancel()
	failure(t, await(t, ended), codes.Canceled, "")
}

func TestClosingWaitsForWhatIsUnderWay(t *testing.T) {
	client, key := live(t), newKey()
	session := openSession(t, client)
	waiting, cancel := context.WithCancel(patient(t))
	defer cancel()
	failed := begin(waiting, t, session, key)
	closed := make(chan error, 1)
	go func() { closed <- session.Close(patient(t)) }()
	for session.Err() == nil {
		_, _ = session.Call(patient(t), tool("add", map[string]any{"a": 1, "b": 1}))
	}
	select {
	case err := <-closed:
		t.Errorf("it was closed while a call ran: %v", err)
	default:
	}
	mustBe(t, "cancelled waits", waitsOf(t, client).Cancelled[key], 0)
	cancel()
	failure(t, await(t, failed), codes.Canceled, "")
	_, err := session.Call(patient(t), tool("add", map[string]any{"a": 1, "b": 1}))
	mustBe(t, "not started", failure(t, err, codes.Unavailable, "").NotStarted(), true)
	if err := await(t, closed); err != nil {
		t.Errorf("it was closed with %v", err)
	}
}

func TestClosingInAHurryCancelsWhatIsUnderWay(t *testing.T) {
	client, key := live(t), newKey()
	session := openSession(t, client)
	failed := begin(patient(t), t, session, key)
	hurry, cancel := context.WithCancel(patient(t))
	cancel()
	failure(t, session.Close(hurry), codes.Canceled, "")
	mustBe(t, "not started", failure(t, await(t, failed), codes.Canceled, "").NotStarted(), false)
	mustHaveBeenCancelled(t, client, key)
}
