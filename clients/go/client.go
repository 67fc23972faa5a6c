// Package mcpgrpc calls servers of the Model Context Protocol over gRPC.
//
// It is a thin front of the generated stubs in package mcpgrpcv1: it dials, gives every call a
// deadline, turns a failed status into an [Error], pages through listings and keeps many requests on
// one [Session]. It is no model of MCP of its own: requests and results are the generated messages.
package mcpgrpc

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"google.golang.org/grpc"

	pb "github.com/mcpgrpc/mcpgrpc/clients/go/mcpgrpcv1"
)

// serviceConfig retries what has no effect and nothing else: UNAVAILABLE from a proxy may mean that
// a tool has run.
//
//go:embed mcpgrpcv1/service_config.json
var serviceConfig string

// Client is a connection to a server, or to several that a name resolves to, with every stub of the
// binding. It is safe for concurrent use; its calls fail with an [Error].
type Client struct {
	pb.McpServiceClient
	pb.ToolsServiceClient
	pb.ResourcesServiceClient
	pb.PromptsServiceClient
	pb.CompletionServiceClient
	pb.DiscoveryServiceClient
	pb.SubscriptionsServiceClient

	connection *grpc.ClientConn
	timeout    time.Duration
}

// Dial makes a client of a target such as "mcp.example.com:443". It connects with the first call,
// with TLS and the roots of the system unless an option says otherwise.
func Dial(target string, options ...Option) (*Client, error) {
	chosen := defaults()
	for _, option := range options {
		option(&chosen)
	}
	connection, err := grpc.NewClient(target, chosen.dialOptions()...)
	if err != nil {
		return nil, fmt.Errorf("mcpgrpc: %w", err)
	}
	return &Client{
		McpServiceClient:           pb.NewMcpServiceClient(connection),
		ToolsServiceClient:         pb.NewToolsServiceClient(connection),
		ResourcesServiceClient:     pb.NewResourcesServiceClient(connection),
		PromptsServiceClient:       pb.NewPromptsServiceClient(connection),
		CompletionServiceClient:    pb.NewCompletionServiceClient(connection),
		DiscoveryServiceClient:     pb.NewDiscoveryServiceClient(connection),
		SubscriptionsServiceClient: pb.NewSubscriptionsServiceClient(connection),
		connection:                 connection,
		timeout:                    chosen.timeout,
	}, nil
}

// Connection is what the stubs call through, for further services such as grpc.health.v1.
func (c *Client) Connection() *grpc.ClientConn { return c.connection }

// Close ends the connection and every call on it.
func (c *Client) Close() error { return c.connection.Close() }

// bounded gives a context without a deadline the client's own.
func bounded(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if _, has := ctx.Deadline(); has || timeout <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, timeout)
}
