// Tour lists the tools of a server, watches one at work, and calls it many times on one stream. It is
// an example: a service would keep its client, and its session, for as long as it lives.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	mcpgrpc "github.com/mcpgrpc/mcpgrpc/clients/go"
	"github.com/mcpgrpc/mcpgrpc/clients/go/mcpgrpcv1"
)

func main() {
	log.SetFlags(0)
	address := "127.0.0.1:50051"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	if err := tour(address); err != nil {
		log.Fatal(describe(err))
	}
}

func tour(address string) error {
	client, err := mcpgrpc.Dial(address, mcpgrpc.WithPlaintext())
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for _, step := range []func(context.Context, *mcpgrpc.Client) error{list, watch, add} {
		if err := step(ctx, client); err != nil {
			return err
		}
	}
	return nil
}

func list(ctx context.Context, client *mcpgrpc.Client) error {
	for tool, err := range client.Tools(ctx) {
		if err != nil {
			return err
		}
		fmt.Println("tool", tool.GetName())
	}
	return nil
}

func watch(ctx context.Context, client *mcpgrpc.Client) error {
	call := &mcpgrpcv1.CallToolRequest{
		Name:          "add",
		ArgumentsJson: proto.String(`{"a": 1, "b": 2}`),
		Context:       &mcpgrpcv1.RequestContext{LogLevel: mcpgrpcv1.LoggingLevel_LOGGING_LEVEL_INFO},
	}
	for event, err := range client.Watch(ctx, call) {
		if err != nil {
			return err
		}
		switch event := event.GetEvent().(type) {
		case *mcpgrpcv1.WatchToolResponse_Progress:
			fmt.Println("progress", event.Progress.GetProgress())
		case *mcpgrpcv1.WatchToolResponse_Log:
			fmt.Println("log", event.Log.GetDataJson())
		case *mcpgrpcv1.WatchToolResponse_Result:
			fmt.Println("result", event.Result.GetComplete().GetStructuredContentJson())
		}
	}
	return nil
}

// add calls a tool a hundred times at once.
func add(ctx context.Context, client *mcpgrpc.Client) error {
	session, err := client.OpenSession(ctx)
	if err != nil {
		return err
	}
	failures := make([]error, 100)
	var calls sync.WaitGroup
	for i := range failures {
		calls.Go(func() {
			arguments := map[string]any{"a": i, "b": i}
			_, failures[i] = session.Call(ctx, mcpgrpc.Request{
				Method: "tools/call",
				Params: map[string]any{"name": "add", "arguments": arguments},
			})
		})
	}
	calls.Wait()
	fmt.Println("calls on one stream:", len(failures))
	return errors.Join(append(failures, session.Close(ctx))...)
}

// describe says what a caller can do about an error.
func describe(err error) string {
	var failed *mcpgrpc.Error
	if errors.As(err, &failed) && failed.NotStarted() {
		return fmt.Sprintf("%v (nothing has run: it is safe to call again)", failed)
	}
	return err.Error()
}
