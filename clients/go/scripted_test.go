package mcpgrpc_test

// A small server that does what a test writes into it, for what a good server never does and for what
// has to come at a certain moment.

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	mcpgrpc "github.com/mcpgrpc/mcpgrpc/clients/go"
	pb "github.com/mcpgrpc/mcpgrpc/clients/go/mcpgrpcv1"
)

type serverStream = grpc.BidiStreamingServer[pb.SessionRequest, pb.SessionResponse]

type scripted struct {
	pb.UnimplementedMcpServiceServer
	pb.UnimplementedToolsServiceServer
	session  func(serverStream) error
	list     func(*pb.ListToolsRequest) (*pb.ListToolsResponse, error)
	failures atomic.Int64 // that come before an answer
	attempts atomic.Int64
}

func (s *scripted) Session(stream serverStream) error { return s.session(stream) }

func (s *scripted) fail() error {
	if s.attempts.Add(1) <= s.failures.Load() {
		return status.Error(codes.Unavailable, "not now")
	}
	return nil
}

func (s *scripted) CallTool(context.Context, *pb.CallToolRequest) (*pb.CallToolResponse, error) {
	return &pb.CallToolResponse{}, s.fail()
}

func (s *scripted) ListTools(_ context.Context, request *pb.ListToolsRequest) (*pb.ListToolsResponse, error) {
	if err := s.fail(); err != nil || s.list == nil {
		return &pb.ListToolsResponse{}, err
	}
	return s.list(request)
}

func (s *scripted) serve(t *testing.T) *mcpgrpc.Client {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	pb.RegisterMcpServiceServer(server, s)
	pb.RegisterToolsServiceServer(server, s)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			t.Error(err)
		}
	})
	return dial(t, listener.Addr().String())
}

func TestAReadIsSentAgainWhenTheServerIsUnavailable(t *testing.T) {
	server := &scripted{}
	server.failures.Store(2)
	if _, err := server.serve(t).ListTools(patient(t), &pb.ListToolsRequest{}); err != nil {
		t.Fatal(err)
	}
	mustBe(t, "attempts", server.attempts.Load(), 3)
}

func TestACallOfAToolIsNeverSentAgain(t *testing.T) {
	server := &scripted{}
	server.failures.Store(1)
	_, err := server.serve(t).CallTool(patient(t), &pb.CallToolRequest{Name: "add"})
	failed := failure(t, err, codes.Unavailable, "")
	mustBe(t, "not started", failed.NotStarted(), false)
	mustBe(t, "attempts", server.attempts.Load(), 1)
}

func TestACursorThatComesTwiceEndsTheListing(t *testing.T) {
	server := &scripted{list: func(*pb.ListToolsRequest) (*pb.ListToolsResponse, error) {
		page := &pb.ListToolsResult{Tools: []*pb.Tool{{Name: "again"}}, NextCursor: proto.String("same")}
		return &pb.ListToolsResponse{Result: &pb.ListToolsResponse_Complete{Complete: page}}, nil
	}}
	pages := 0
	for _, err := range server.serve(t).Tools(patient(t)) {
		if err != nil {
			failure(t, err, codes.Internal, "")
			mustBe(t, "pages", pages, 2)
			return
		}
		pages++
	}
	t.Error("the listing ended well")
}

func TestAListingWithAnotherResultIsAnError(t *testing.T) {
	server := &scripted{list: func(*pb.ListToolsRequest) (*pb.ListToolsResponse, error) {
		other := &pb.OtherResult{ResultType: "later", ResultJson: "{}"}
		return &pb.ListToolsResponse{Result: &pb.ListToolsResponse_Other{Other: other}}, nil
	}}
	for _, err := range server.serve(t).Tools(patient(t)) {
		failure(t, err, codes.Internal, "")
	}
}
