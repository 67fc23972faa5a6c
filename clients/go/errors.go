package mcpgrpc

// What a failed call says: the status of gRPC, whose error it is, and whether it may be sent again.
// A tool that fails is none of it: see CallToolResult.is_error.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/mcpgrpc/mcpgrpc/clients/go/mcpgrpcv1"
)

const (
	notStarted = pb.Execution_EXECUTION_NOT_STARTED
	maybe      = pb.Execution_EXECUTION_MAYBE
)

// Whose error it is.
const (
	// DomainService marks what the service says about itself: a refusal.
	DomainService = "mcpgrpc"
	// DomainMCP marks an error of MCP, mostly the application's.
	DomainMCP = "mcp"
)

// Error is what every failed call returns; find it with [errors.As]. [status.Code] and [errors.Is]
// with context.DeadlineExceeded and context.Canceled work on it as well.
type Error struct {
	// Code is the status.
	Code codes.Code
	// Message is a sentence for people.
	Message string
	// Domain is [DomainService], [DomainMCP], or empty where a proxy or gRPC itself has failed it.
	Domain string
	// Reason is a name of the binding, such as "DRAINING" or "INVALID_PARAMS"; it may be one that
	// this package does not know.
	Reason string
	// RPCCode is the JSON-RPC code of an error of DomainMCP.
	RPCCode int64
	// Data is the JSON text of an MCP error's data; nil if there is none, or DataBytes says how much
	// there was no room for.
	Data json.RawMessage
	// DataBytes is the size of data that did not travel; the same request as a Call or on a Session
	// brings it.
	DataBytes int
	// RetryAfter is when to try again, if the server says so.
	RetryAfter time.Duration
	// Execution is what is known: NOT_STARTED, and then it is safe to send again, or MAYBE.
	Execution pb.Execution

	cause *status.Status
}

func (e *Error) Error() string {
	name := e.Code.String()
	if e.Reason != "" {
		name += " " + e.Reason
	}
	return fmt.Sprintf("%s: %s", name, e.Message)
}

// GRPCStatus is the status as it came, so that status.Code and status.FromError know it.
func (e *Error) GRPCStatus() *status.Status {
	if e.cause != nil {
		return e.cause
	}
	return status.New(e.Code, e.Message)
}

// Is tells of a deadline and a cancellation in the words of package context.
func (e *Error) Is(target error) bool {
	return e.Code == codes.DeadlineExceeded && target == context.DeadlineExceeded ||
		e.Code == codes.Canceled && target == context.Canceled
}

// NotStarted says that nothing has run, so that the request may be sent again.
func (e *Error) NotStarted() bool { return e.Execution == notStarted }

// FromError gives the [Error] of a failed call; nil and [io.EOF] stay as they are. The calls of a
// [Client] have it done already: it is for stubs on other connections.
func FromError(err error) error {
	var known *Error
	if err == nil || err == io.EOF || errors.As(err, &known) {
		return err
	}
	failed, has := status.FromError(err)
	if !has {
		failed = status.FromContextError(err)
	}
	return fromStatus(failed)
}

func fromStatus(failed *status.Status) *Error {
	e := &Error{
		Code:      failed.Code(),
		Message:   failed.Message(),
		Execution: maybe,
		cause:     failed,
	}
	for _, detail := range failed.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			e.explain(detail)
		case *errdetails.RetryInfo:
			e.RetryAfter = detail.GetRetryDelay().AsDuration()
		}
	}
	return e
}

// explain reads what the binding says about a status.
func (e *Error) explain(info *errdetails.ErrorInfo) {
	facts := info.GetMetadata()
	switch info.GetDomain() {
	case DomainService:
		e.Execution = execution(facts["execution"] == "NOT_STARTED")
	case DomainMCP:
		e.RPCCode, _ = strconv.ParseInt(facts["code"], 10, 64)
		e.DataBytes, _ = strconv.Atoi(facts["data_bytes"])
		if text, has := facts["data_json"]; has {
			e.Data = json.RawMessage(text)
		}
	default:
		return
	}
	e.Domain, e.Reason = info.GetDomain(), info.GetReason()
}

// statuses of MCP's own codes; a name and a status each. Any other is the application's.
var statuses = map[int64]struct {
	code   codes.Code
	reason string
}{
	-32700: {codes.InvalidArgument, "PARSE_ERROR"},
	-32600: {codes.InvalidArgument, "INVALID_REQUEST"},
	-32601: {codes.Unimplemented, "METHOD_NOT_FOUND"},
	-32602: {codes.InvalidArgument, "INVALID_PARAMS"},
	-32603: {codes.Internal, "INTERNAL_ERROR"},
	-32020: {codes.InvalidArgument, "HEADER_MISMATCH"},
	-32021: {codes.FailedPrecondition, "MISSING_REQUIRED_CLIENT_CAPABILITY"},
	-32022: {codes.FailedPrecondition, "UNSUPPORTED_PROTOCOL_VERSION"},
}

// fromResponse gives an error of a Session as a typed call would give it.
func fromResponse(response *pb.JsonRpcResponse) *Error {
	said := response.GetError()
	e := &Error{Message: said.GetMessage(), Execution: maybe}
	if said.DataJson != nil {
		e.Data = json.RawMessage(said.GetDataJson())
	}
	if response.GetReason() == pb.ErrorReason_ERROR_REASON_UNSPECIFIED {
		e.Domain, e.RPCCode = DomainMCP, said.GetCode()
		e.Code, e.Reason = codes.Unknown, "APPLICATION_ERROR"
		if named, has := statuses[said.GetCode()]; has {
			e.Code, e.Reason = named.code, named.reason
		}
		return e
	}
	e.Domain = DomainService
	e.Code = codes.Code(said.GetCode())
	e.Reason = strings.TrimPrefix(response.GetReason().String(), "ERROR_REASON_")
	e.Execution = execution(response.GetExecution() == notStarted)
	e.RetryAfter = retryAfter(e.Data)
	return e
}

func execution(certain bool) pb.Execution {
	if certain {
		return notStarted
	}
	return maybe
}

// retryAfter reads the one member of a refusal's data.
func retryAfter(data json.RawMessage) time.Duration {
	var facts struct {
		RetryAfterMs float64 `json:"retryAfterMs"`
	}
	if json.Unmarshal(data, &facts) != nil {
		return 0
	}
	return time.Duration(facts.RetryAfterMs * float64(time.Millisecond))
}

// ownError is an error that this package itself has found; a reason is one of the binding's.
func ownError(code codes.Code, reason string, known pb.Execution, text string) *Error {
	e := &Error{Code: code, Reason: reason, Message: text, Execution: known}
	if reason != "" {
		e.Domain = DomainService
	}
	return e
}

// reasonOf is why a stream failed: what this package cancelled it for, or what its status says.
func reasonOf(ctx context.Context, err error) *Error {
	var why *Error
	if !errors.As(context.Cause(ctx), &why) {
		errors.As(FromError(err), &why)
	}
	if why.Code != codes.Unavailable || why.Domain != "" {
		return why
	}
	lost := *why
	lost.Reason = "CONNECTION_LOST"
	return &lost
}

// contextError is the error of a context that has ended.
func contextError(ctx context.Context, known pb.Execution) *Error {
	failed := status.FromContextError(ctx.Err())
	return &Error{Code: failed.Code(), Message: failed.Message(), Execution: known, cause: failed}
}
