package mcpgrpc

// What every call on a connection goes through: a deadline, and errors with their reasons. Retries
// are gRPC's own and lie below.

import (
	"context"

	"google.golang.org/grpc"
)

func (s settings) interceptUnary(
	ctx context.Context, method string, request, reply any, connection *grpc.ClientConn,
	invoke grpc.UnaryInvoker, options ...grpc.CallOption,
) error {
	ctx, cancel := bounded(ctx, s.timeout)
	defer cancel()
	if ctx.Err() != nil {
		return contextError(ctx, notStarted)
	}
	return FromError(invoke(ctx, method, request, reply, connection, options...))
}

func interceptStream(
	ctx context.Context, description *grpc.StreamDesc, connection *grpc.ClientConn, method string,
	open grpc.Streamer, options ...grpc.CallOption,
) (grpc.ClientStream, error) {
	if ctx.Err() != nil {
		return nil, contextError(ctx, notStarted)
	}
	stream, err := open(ctx, description, connection, method, options...)
	if err != nil {
		return nil, FromError(err)
	}
	return errorStream{stream}, nil
}

// errorStream is a stream whose failures are Errors.
type errorStream struct{ grpc.ClientStream }

func (s errorStream) SendMsg(message any) error { return FromError(s.ClientStream.SendMsg(message)) }
func (s errorStream) RecvMsg(message any) error { return FromError(s.ClientStream.RecvMsg(message)) }
