package mcpgrpc

// Listings and event streams as iterators. They ask and read only as far as they are ranged over, end
// at the first error, and keep nothing.

import (
	"context"
	"fmt"
	"io"
	"iter"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	pb "github.com/mcpgrpc/mcpgrpc/clients/go/mcpgrpcv1"
)

// Tools goes through every tool, page by page.
func (c *Client) Tools(ctx context.Context) iter.Seq2[*pb.Tool, error] {
	return pages(func(cursor *string) ([]*pb.Tool, *string, error) {
		answer, err := c.ListTools(ctx, &pb.ListToolsRequest{Cursor: cursor})
		page, err := complete(answer.GetComplete(), answer.GetOther(), err)
		if err != nil {
			return nil, nil, err
		}
		return page.Tools, page.NextCursor, nil
	})
}

// Resources goes through every resource, page by page.
func (c *Client) Resources(ctx context.Context) iter.Seq2[*pb.Resource, error] {
	return pages(func(cursor *string) ([]*pb.Resource, *string, error) {
		answer, err := c.ListResources(ctx, &pb.ListResourcesRequest{Cursor: cursor})
		page, err := complete(answer.GetComplete(), answer.GetOther(), err)
		if err != nil {
			return nil, nil, err
		}
		return page.Resources, page.NextCursor, nil
	})
}

// ResourceTemplates goes through every template of resources, page by page.
func (c *Client) ResourceTemplates(ctx context.Context) iter.Seq2[*pb.ResourceTemplate, error] {
	return pages(func(cursor *string) ([]*pb.ResourceTemplate, *string, error) {
		answer, err := c.ListResourceTemplates(ctx, &pb.ListResourceTemplatesRequest{Cursor: cursor})
		page, err := complete(answer.GetComplete(), answer.GetOther(), err)
		if err != nil {
			return nil, nil, err
		}
		return page.ResourceTemplates, page.NextCursor, nil
	})
}

// Prompts goes through every prompt, page by page.
func (c *Client) Prompts(ctx context.Context) iter.Seq2[*pb.Prompt, error] {
	return pages(func(cursor *string) ([]*pb.Prompt, *string, error) {
		answer, err := c.ListPrompts(ctx, &pb.ListPromptsRequest{Cursor: cursor})
		page, err := complete(answer.GetComplete(), answer.GetOther(), err)
		if err != nil {
			return nil, nil, err
		}
		return page.Prompts, page.NextCursor, nil
	})
}

// Watch calls a tool and gives its progress and log messages, then its result. Leaving the loop
// cancels the call. It has no deadline but that of the context.
func (c *Client) Watch(
	ctx context.Context, call *pb.CallToolRequest,
) iter.Seq2[*pb.WatchToolResponse, error] {
	return events(ctx, func(ctx context.Context) (grpc.ServerStreamingClient[pb.WatchToolResponse], error) {
		return c.WatchTool(ctx, &pb.WatchToolRequest{Call: call})
	})
}

// Changes subscribes and gives the acknowledgement, then every change. Leaving the loop ends the
// subscription; when the server ends it, which it says with a last event, subscribe again.
func (c *Client) Changes(
	ctx context.Context, filter *pb.SubscriptionFilter,
) iter.Seq2[*pb.ListenResponse, error] {
	return events(ctx, func(ctx context.Context) (grpc.ServerStreamingClient[pb.ListenResponse], error) {
		return c.Listen(ctx, &pb.ListenRequest{Notifications: filter})
	})
}

// complete gives a page, or the error of a listing that was answered with anything else.
func complete[Page any](page *Page, other *pb.OtherResult, err error) (*Page, error) {
	if err == nil && page == nil {
		text := fmt.Sprintf("the listing was answered with a result of type %q", other.GetResultType())
		return nil, ownError(codes.Internal, "", maybe, text)
	}
	return page, err
}

// pages yields the items of each page that fetch gives by its cursor.
func pages[Item any](fetch func(cursor *string) ([]Item, *string, error)) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for cursor := (*string)(nil); ; {
			items, next, err := fetch(cursor)
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if err == nil && next != nil && cursor != nil && *next == *cursor {
				err = ownError(codes.Internal, "", maybe,
					fmt.Sprintf("the listing gave the cursor %q twice", *next))
			}
			if err != nil {
				var none Item
				yield(none, err)
				return
			}
			if next == nil {
				return
			}
			cursor = next
		}
	}
}

// events yields the messages of a stream, and cancels it in the end.
func events[Event any](
	ctx context.Context, open func(context.Context) (grpc.ServerStreamingClient[Event], error),
) iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := open(ctx)
		for err == nil {
			var event *Event
			if event, err = stream.Recv(); err == nil && !yield(event, nil) {
				return
			}
		}
		if err != io.EOF {
			yield(nil, err)
		}
	}
}
