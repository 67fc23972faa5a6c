package mcpgrpc_test

// Refusals of the service, each of which must arrive as itself, and transport security.

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	mcpgrpc "github.com/mcpgrpc/mcpgrpc/clients/go"
	pb "github.com/mcpgrpc/mcpgrpc/clients/go/mcpgrpcv1"
)

func addition(t *testing.T) *pb.CallToolRequest {
	t.Helper()
	return toolCall(t, "add", map[string]any{"a": 1, "b": 2})
}

func mustBeRefusal(t *testing.T, err error, code codes.Code, reason string) *mcpgrpc.Error {
	t.Helper()
	failed := failure(t, err, code, reason)
	mustBe(t, "the domain", failed.Domain, mcpgrpc.DomainService)
	mustBe(t, "not started", failed.NotStarted(), true)
	return failed
}

func TestACallWithoutACredentialIsUnauthenticated(t *testing.T) {
	client := live(t)
	secured := dial(t, openServer(t, client, map[string]any{"api_keys": true}))
	_, err := secured.CallTool(patient(t), addition(t))
	mustBeRefusal(t, err, codes.Unauthenticated, "UNAUTHENTICATED")
	wrong := metadata.AppendToOutgoingContext(patient(t), "x-api-key", "wrong")
	_, err = secured.CallTool(wrong, addition(t))
	mustBeRefusal(t, err, codes.Unauthenticated, "UNAUTHENTICATED")
	_, err = secured.OpenSession(patient(t))
	mustBeRefusal(t, err, codes.Unauthenticated, "UNAUTHENTICATED")
}

func TestACallThatThePolicyForbidsIsDenied(t *testing.T) {
	client := live(t)
	ruled := dial(t, openServer(t, client, map[string]any{"policy": true}))
	_, err := ruled.CallTool(patient(t), toolCall(t, "fail", map[string]any{"message": "m"}))
	mustBeRefusal(t, err, codes.PermissionDenied, "FORBIDDEN")
	if _, err := ruled.ListTools(patient(t), &pb.ListToolsRequest{}); err != nil {
		t.Errorf("what the policy allows: %v", err)
	}
}

func TestACallBeyondTheBudgetIsToldWhenToTryAgain(t *testing.T) {
	client := live(t)
	limited := dial(t, openServer(t, client, map[string]any{"rate_limit": "2/minute"}))
	for ctx := patient(t); ; {
		if _, err := limited.CallTool(ctx, addition(t)); err != nil {
			failed := mustBeRefusal(t, err, codes.ResourceExhausted, "RATE_LIMITED")
			mustBe(t, "a time to wait", failed.RetryAfter > 0, true)
			return
		}
	}
}

func TestACallWhileTheServerDrainsIsUnavailableAndNotStarted(t *testing.T) {
	client, key := live(t), newKey()
	address := openServer(t, client, map[string]any{})
	draining := dial(t, address)
	ctx, cancel := context.WithCancel(patient(t))
	defer cancel()
	// What runs keeps the drain from ending.
	for event, err := range draining.Watch(ctx, toolCall(t, "wait", map[string]any{"key": key})) {
		if err != nil || event.GetProgress() == nil {
			t.Fatalf("%v, %v", event, err)
		}
		health, err := grpc_health_v1.NewHealthClient(draining.Connection()).Watch(ctx, &grpc_health_v1.HealthCheckRequest{})
		if err != nil {
			t.Fatal(err)
		}
		call(t, client, "drain_server", map[string]any{"address": address})
		for told := (*grpc_health_v1.HealthCheckResponse)(nil); told.GetStatus() != grpc_health_v1.HealthCheckResponse_NOT_SERVING; {
			if told, err = health.Recv(); err != nil {
				t.Fatal(err)
			}
		}
		_, err = draining.CallTool(patient(t), addition(t))
		mustBeRefusal(t, err, codes.Unavailable, "DRAINING")
		return
	}
}

func TestAServerThatIsNotThereIsUnavailableWithoutAReason(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	_, err = dial(t, address).CallTool(patient(t), addition(t))
	failed := failure(t, err, codes.Unavailable, "")
	mustBe(t, "the domain", failed.Domain, "")
	mustBe(t, "not started", failed.NotStarted(), false)
}

func TestAReasonOfAnotherDomainPromisesNothing(t *testing.T) {
	said, err := status.New(codes.Unavailable, "m").WithDetails(&errdetails.ErrorInfo{
		Domain: "example.com", Reason: "DRAINING", Metadata: map[string]string{"execution": "NOT_STARTED"},
	})
	if err != nil {
		t.Fatal(err)
	}
	failed := failure(t, mcpgrpc.FromError(said.Err()), codes.Unavailable, "")
	mustBe(t, "the domain", failed.Domain, "")
	mustBe(t, "not started", failed.NotStarted(), false)
}

func roots(t *testing.T) *tls.Config {
	t.Helper()
	text, err := os.ReadFile(environment(t, "MCPGRPC_TLS_CA"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		t.Fatal("no certificate in MCPGRPC_TLS_CA")
	}
	return &tls.Config{RootCAs: pool}
}

func TestAKeyOpensAServerBehindTLS(t *testing.T) {
	config, key := mcpgrpc.WithTLS(roots(t)), environment(t, "MCPGRPC_API_KEY")
	bearer := func(context.Context) (string, error) { return key, nil }
	for name, credential := range map[string]mcpgrpc.Option{
		"as a key": mcpgrpc.WithAPIKey(key), "as a bearer token": mcpgrpc.WithBearerToken(bearer),
	} {
		t.Run(name, func(t *testing.T) {
			client := dial(t, environment(t, "MCPGRPC_TLS_ADDRESS"), config, credential)
			mustBe(t, "the text", call(t, client, "add", map[string]any{"a": 1, "b": 2}).GetContent()[0].GetText().GetText(), "3")
		})
	}
	bare := dial(t, environment(t, "MCPGRPC_TLS_ADDRESS"), config)
	_, err := bare.CallTool(patient(t), addition(t))
	mustBeRefusal(t, err, codes.Unauthenticated, "UNAUTHENTICATED")
}

func TestAServerWhoseCertificateNobodyVouchesForIsNotCalled(t *testing.T) {
	stranger := dial(t, environment(t, "MCPGRPC_TLS_ADDRESS"), mcpgrpc.WithTLS(&tls.Config{RootCAs: x509.NewCertPool()}))
	_, err := stranger.CallTool(patient(t), addition(t))
	failure(t, err, codes.Unavailable, "")
}

func TestASecretIsNeverSentInTheClear(t *testing.T) {
	client, err := mcpgrpc.Dial("127.0.0.1:1", mcpgrpc.WithPlaintext(), mcpgrpc.WithAPIKey("secret"))
	if err == nil {
		client.Close()
		t.Error("a client was made")
	}
}
