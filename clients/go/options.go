package mcpgrpc

// What a connection is made of: transport security, credentials, deadlines. No option names a
// server's address.

import (
	"context"
	"crypto/tls"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// DefaultTimeout is the deadline of a unary call whose context has none, and bounds the opening of a
// Session.
const DefaultTimeout = 30 * time.Second

// maxMessageBytes is the largest message that is read; a Session announces it.
const maxMessageBytes = 16 << 20

// Option changes how [Dial] connects.
type Option func(*settings)

type settings struct {
	transport credentials.TransportCredentials
	timeout   time.Duration
	further   []grpc.DialOption
}

func defaults() settings {
	return settings{transport: credentials.NewTLS(nil), timeout: DefaultTimeout}
}

// WithPlaintext leaves out TLS: for loopback, or behind a mesh that encrypts.
func WithPlaintext() Option {
	return func(s *settings) { s.transport = insecure.NewCredentials() }
}

// WithTLS sets roots, a client certificate and whatever else TLS can be told.
func WithTLS(config *tls.Config) Option {
	return func(s *settings) { s.transport = credentials.NewTLS(config) }
}

// WithTimeout replaces [DefaultTimeout]; 0 leaves calls without a deadline unless their context has
// one.
func WithTimeout(timeout time.Duration) Option {
	return func(s *settings) { s.timeout = timeout }
}

// WithBearerToken sends a token as `authorization: Bearer`. The source is asked for each call, so it
// should keep the token until it is about to expire. Without TLS [Dial] fails: a token never travels
// in the clear.
func WithBearerToken(source func(context.Context) (string, error)) Option {
	return WithDialOptions(grpc.WithPerRPCCredentials(secret{"authorization", "Bearer ", source}))
}

// WithAPIKey sends a key as `x-api-key`. Without TLS [Dial] fails.
func WithAPIKey(key string) Option {
	source := func(context.Context) (string, error) { return key, nil }
	return WithDialOptions(grpc.WithPerRPCCredentials(secret{"x-api-key", "", source}))
}

// WithDialOptions adds options of gRPC itself, such as interceptors and statistics.
func WithDialOptions(options ...grpc.DialOption) Option {
	return func(s *settings) { s.further = append(s.further, options...) }
}

func (s settings) dialOptions() []grpc.DialOption {
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(s.transport),
		grpc.WithDefaultServiceConfig(serviceConfig),
		// A name server could otherwise have tools called twice.
		grpc.WithDisableServiceConfig(),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessageBytes)),
		grpc.WithChainUnaryInterceptor(s.interceptUnary),
		grpc.WithChainStreamInterceptor(interceptStream),
	}
	return append(options, s.further...)
}

// secret is metadata with a credential.
type secret struct {
	key, prefix string
	source      func(context.Context) (string, error)
}

func (s secret) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	value, err := s.source(ctx)
	if err != nil {
		return nil, err
	}
	return map[string]string{s.key: s.prefix + value}, nil
}

func (s secret) RequireTransportSecurity() bool { return true }
