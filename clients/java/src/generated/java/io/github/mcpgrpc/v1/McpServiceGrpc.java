package io.github.mcpgrpc.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * MCP over gRPC. docs/binding.md is the full specification.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class McpServiceGrpc {

  private McpServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "mcpgrpc.v1.McpService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.SessionRequest,
      io.github.mcpgrpc.v1.SessionResponse> getSessionMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Session",
      requestType = io.github.mcpgrpc.v1.SessionRequest.class,
      responseType = io.github.mcpgrpc.v1.SessionResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.SessionRequest,
      io.github.mcpgrpc.v1.SessionResponse> getSessionMethod() {
    io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.SessionRequest, io.github.mcpgrpc.v1.SessionResponse> getSessionMethod;
    if ((getSessionMethod = McpServiceGrpc.getSessionMethod) == null) {
      synchronized (McpServiceGrpc.class) {
        if ((getSessionMethod = McpServiceGrpc.getSessionMethod) == null) {
          McpServiceGrpc.getSessionMethod = getSessionMethod =
              io.grpc.MethodDescriptor.<io.github.mcpgrpc.v1.SessionRequest, io.github.mcpgrpc.v1.SessionResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Session"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.mcpgrpc.v1.SessionRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.mcpgrpc.v1.SessionResponse.getDefaultInstance()))
              .setSchemaDescriptor(new McpServiceMethodDescriptorSupplier("Session"))
              .build();
        }
      }
    }
    return getSessionMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.CallRequest,
      io.github.mcpgrpc.v1.CallResponse> getCallMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Call",
      requestType = io.github.mcpgrpc.v1.CallRequest.class,
      responseType = io.github.mcpgrpc.v1.CallResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.CallRequest,
      io.github.mcpgrpc.v1.CallResponse> getCallMethod() {
    io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.CallRequest, io.github.mcpgrpc.v1.CallResponse> getCallMethod;
    if ((getCallMethod = McpServiceGrpc.getCallMethod) == null) {
      synchronized (McpServiceGrpc.class) {
        if ((getCallMethod = McpServiceGrpc.getCallMethod) == null) {
          McpServiceGrpc.getCallMethod = getCallMethod =
              io.grpc.MethodDescriptor.<io.github.mcpgrpc.v1.CallRequest, io.github.mcpgrpc.v1.CallResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Call"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.mcpgrpc.v1.CallRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.mcpgrpc.v1.CallResponse.getDefaultInstance()))
              .setSchemaDescriptor(new McpServiceMethodDescriptorSupplier("Call"))
              .build();
        }
      }
    }
    return getCallMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static McpServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<McpServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<McpServiceStub>() {
        @java.lang.Override
        public McpServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new McpServiceStub(channel, callOptions);
        }
      };
    return McpServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static McpServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<McpServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<McpServiceBlockingV2Stub>() {
        @java.lang.Override
        public McpServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new McpServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return McpServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static McpServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<McpServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<McpServiceBlockingStub>() {
        @java.lang.Override
        public McpServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new McpServiceBlockingStub(channel, callOptions);
        }
      };
    return McpServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static McpServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<McpServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<McpServiceFutureStub>() {
        @java.lang.Override
        public McpServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new McpServiceFutureStub(channel, callOptions);
        }
      };
    return McpServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * MCP over gRPC. docs/binding.md is the full specification.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * The whole protocol on one stream, both eras: the `initialize` handshake of 2024-11-05 to
     * 2025-11-25 and the stateless requests of 2026-07-28.
     * Effect: executes the client's requests, many at once, and carries notifications and, in the
     * legacy era, the server's requests. A Session is one JSON-RPC client: its ids, progress tokens
     * and subscriptions are its own.
     * Ordering: requests start in the order in which they are received and finish in any order; what
     * belongs to a request (`related_request_id`) stands before its response. The first item of each
     * direction is Settings.
     * Cancellation: `notifications/cancelled` cancels one request; cancelling the RPC, or losing the
     * connection, cancels every handler it started. Half-closing does not: requests in flight finish,
     * listens complete, the stream ends OK.
     * Status codes: OK after a half-close or a drain, and then what was not answered has not run;
     * INVALID_ARGUMENT (INVALID_FRAME) for a frame that breaks the binding; UNAUTHENTICATED and
     * PERMISSION_DENIED at opening; UNAVAILABLE (DRAINING) while the server drains, before anything
     * ran; RESOURCE_EXHAUSTED (STREAM_LIMIT, or a frame beyond the message limit); ABORTED
     * (STREAM_STALLED, STREAM_IDLE). Errors of single requests are responses, never the status.
     * Retries: never by a proxy or a service config. A client opens another stream and sends again
     * only the requests that are certainly NOT_STARTED: those refused so, those beyond
     * GoAway.accepted_requests, and those unanswered on a stream that ended OK.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.SessionRequest> session(
        io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.SessionResponse> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getSessionMethod(), responseObserver);
    }

    /**
     * <pre>
     * One request of 2026-07-28 or later, for callers that want a proxy to balance every request or
     * have nothing but a generated stub.
     * Effect: executes the request. Legacy methods (`initialize`) are answered -32022.
     * Ordering: the request's notifications, then exactly one response, then the status.
     * Cancellation: cancelling the RPC, or its deadline, cancels the handler.
     * Status codes: OK with the response in the stream, also when it is an MCP error; its code is
     * then repeated in the trailer `mcpgrpc-error-code`. An error of the service itself is the
     * status, with ErrorInfo of the domain "mcpgrpc" carrying `reason` and `execution`:
     * UNAVAILABLE (DRAINING, OVERLOADED), RESOURCE_EXHAUSTED (MESSAGE_TOO_LARGE, RATE_LIMITED,
     * STREAM_LIMIT for a subscription), DEADLINE_EXCEEDED (TIMEOUT), UNAUTHENTICATED,
     * PERMISSION_DENIED, ABORTED (DRAIN_DEADLINE).
     * Retries: never by status alone; again only where ErrorInfo says NOT_STARTED, or where the
     * caller knows the request to be idempotent.
     * </pre>
     */
    default void call(io.github.mcpgrpc.v1.CallRequest request,
        io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.CallResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCallMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service McpService.
   * <pre>
   * MCP over gRPC. docs/binding.md is the full specification.
   * </pre>
   */
  public static abstract class McpServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return McpServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service McpService.
   * <pre>
   * MCP over gRPC. docs/binding.md is the full specification.
   * </pre>
   */
  public static final class McpServiceStub
      extends io.grpc.stub.AbstractAsyncStub<McpServiceStub> {
    private McpServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected McpServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new McpServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * The whole protocol on one stream, both eras: the `initialize` handshake of 2024-11-05 to
     * 2025-11-25 and the stateless requests of 2026-07-28.
     * Effect: executes the client's requests, many at once, and carries notifications and, in the
     * legacy era, the server's requests. A Session is one JSON-RPC client: its ids, progress tokens
     * and subscriptions are its own.
     * Ordering: requests start in the order in which they are received and finish in any order; what
     * belongs to a request (`related_request_id`) stands before its response. The first item of each
     * direction is Settings.
     * Cancellation: `notifications/cancelled` cancels one request; cancelling the RPC, or losing the
     * connection, cancels every handler it started. Half-closing does not: requests in flight finish,
     * listens complete, the stream ends OK.
     * Status codes: OK after a half-close or a drain, and then what was not answered has not run;
     * INVALID_ARGUMENT (INVALID_FRAME) for a frame that breaks the binding; UNAUTHENTICATED and
     * PERMISSION_DENIED at opening; UNAVAILABLE (DRAINING) while the server drains, before anything
     * ran; RESOURCE_EXHAUSTED (STREAM_LIMIT, or a frame beyond the message limit); ABORTED
     * (STREAM_STALLED, STREAM_IDLE). Errors of single requests are responses, never the status.
     * Retries: never by a proxy or a service config. A client opens another stream and sends again
     * only the requests that are certainly NOT_STARTED: those refused so, those beyond
     * GoAway.accepted_requests, and those unanswered on a stream that ended OK.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.SessionRequest> session(
        io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.SessionResponse> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncBidiStreamingCall(
          getChannel().newCall(getSessionMethod(), getCallOptions()), responseObserver);
    }

    /**
     * <pre>
     * One request of 2026-07-28 or later, for callers that want a proxy to balance every request or
     * have nothing but a generated stub.
     * Effect: executes the request. Legacy methods (`initialize`) are answered -32022.
     * Ordering: the request's notifications, then exactly one response, then the status.
     * Cancellation: cancelling the RPC, or its deadline, cancels the handler.
     * Status codes: OK with the response in the stream, also when it is an MCP error; its code is
     * then repeated in the trailer `mcpgrpc-error-code`. An error of the service itself is the
     * status, with ErrorInfo of the domain "mcpgrpc" carrying `reason` and `execution`:
     * UNAVAILABLE (DRAINING, OVERLOADED), RESOURCE_EXHAUSTED (MESSAGE_TOO_LARGE, RATE_LIMITED,
     * STREAM_LIMIT for a subscription), DEADLINE_EXCEEDED (TIMEOUT), UNAUTHENTICATED,
     * PERMISSION_DENIED, ABORTED (DRAIN_DEADLINE).
     * Retries: never by status alone; again only where ErrorInfo says NOT_STARTED, or where the
     * caller knows the request to be idempotent.
     * </pre>
     */
    public void call(io.github.mcpgrpc.v1.CallRequest request,
        io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.CallResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getCallMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service McpService.
   * <pre>
   * MCP over gRPC. docs/binding.md is the full specification.
   * </pre>
   */
  public static final class McpServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<McpServiceBlockingV2Stub> {
    private McpServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected McpServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new McpServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * The whole protocol on one stream, both eras: the `initialize` handshake of 2024-11-05 to
     * 2025-11-25 and the stateless requests of 2026-07-28.
     * Effect: executes the client's requests, many at once, and carries notifications and, in the
     * legacy era, the server's requests. A Session is one JSON-RPC client: its ids, progress tokens
     * and subscriptions are its own.
     * Ordering: requests start in the order in which they are received and finish in any order; what
     * belongs to a request (`related_request_id`) stands before its response. The first item of each
     * direction is Settings.
     * Cancellation: `notifications/cancelled` cancels one request; cancelling the RPC, or losing the
     * connection, cancels every handler it started. Half-closing does not: requests in flight finish,
     * listens complete, the stream ends OK.
     * Status codes: OK after a half-close or a drain, and then what was not answered has not run;
     * INVALID_ARGUMENT (INVALID_FRAME) for a frame that breaks the binding; UNAUTHENTICATED and
     * PERMISSION_DENIED at opening; UNAVAILABLE (DRAINING) while the server drains, before anything
     * ran; RESOURCE_EXHAUSTED (STREAM_LIMIT, or a frame beyond the message limit); ABORTED
     * (STREAM_STALLED, STREAM_IDLE). Errors of single requests are responses, never the status.
     * Retries: never by a proxy or a service config. A client opens another stream and sends again
     * only the requests that are certainly NOT_STARTED: those refused so, those beyond
     * GoAway.accepted_requests, and those unanswered on a stream that ended OK.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<io.github.mcpgrpc.v1.SessionRequest, io.github.mcpgrpc.v1.SessionResponse>
        session() {
      return io.grpc.stub.ClientCalls.blockingBidiStreamingCall(
          getChannel(), getSessionMethod(), getCallOptions());
    }

    /**
     * <pre>
     * One request of 2026-07-28 or later, for callers that want a proxy to balance every request or
     * have nothing but a generated stub.
     * Effect: executes the request. Legacy methods (`initialize`) are answered -32022.
     * Ordering: the request's notifications, then exactly one response, then the status.
     * Cancellation: cancelling the RPC, or its deadline, cancels the handler.
     * Status codes: OK with the response in the stream, also when it is an MCP error; its code is
     * then repeated in the trailer `mcpgrpc-error-code`. An error of the service itself is the
     * status, with ErrorInfo of the domain "mcpgrpc" carrying `reason` and `execution`:
     * UNAVAILABLE (DRAINING, OVERLOADED), RESOURCE_EXHAUSTED (MESSAGE_TOO_LARGE, RATE_LIMITED,
     * STREAM_LIMIT for a subscription), DEADLINE_EXCEEDED (TIMEOUT), UNAUTHENTICATED,
     * PERMISSION_DENIED, ABORTED (DRAIN_DEADLINE).
     * Retries: never by status alone; again only where ErrorInfo says NOT_STARTED, or where the
     * caller knows the request to be idempotent.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.mcpgrpc.v1.CallResponse>
        call(io.github.mcpgrpc.v1.CallRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getCallMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service McpService.
   * <pre>
   * MCP over gRPC. docs/binding.md is the full specification.
   * </pre>
   */
  public static final class McpServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<McpServiceBlockingStub> {
    private McpServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected McpServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new McpServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * One request of 2026-07-28 or later, for callers that want a proxy to balance every request or
     * have nothing but a generated stub.
     * Effect: executes the request. Legacy methods (`initialize`) are answered -32022.
     * Ordering: the request's notifications, then exactly one response, then the status.
     * Cancellation: cancelling the RPC, or its deadline, cancels the handler.
     * Status codes: OK with the response in the stream, also when it is an MCP error; its code is
     * then repeated in the trailer `mcpgrpc-error-code`. An error of the service itself is the
     * status, with ErrorInfo of the domain "mcpgrpc" carrying `reason` and `execution`:
     * UNAVAILABLE (DRAINING, OVERLOADED), RESOURCE_EXHAUSTED (MESSAGE_TOO_LARGE, RATE_LIMITED,
     * STREAM_LIMIT for a subscription), DEADLINE_EXCEEDED (TIMEOUT), UNAUTHENTICATED,
     * PERMISSION_DENIED, ABORTED (DRAIN_DEADLINE).
     * Retries: never by status alone; again only where ErrorInfo says NOT_STARTED, or where the
     * caller knows the request to be idempotent.
     * </pre>
     */
    public java.util.Iterator<io.github.mcpgrpc.v1.CallResponse> call(
        io.github.mcpgrpc.v1.CallRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getCallMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service McpService.
   * <pre>
   * MCP over gRPC. docs/binding.md is the full specification.
   * </pre>
   */
  public static final class McpServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<McpServiceFutureStub> {
    private McpServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected McpServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new McpServiceFutureStub(channel, callOptions);
    }
  }

  private static final int METHODID_CALL = 0;
  private static final int METHODID_SESSION = 1;

  private static final class MethodHandlers<Req, Resp> implements
      io.grpc.stub.ServerCalls.UnaryMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ServerStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ClientStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.BidiStreamingMethod<Req, Resp> {
    private final AsyncService serviceImpl;
    private final int methodId;

    MethodHandlers(AsyncService serviceImpl, int methodId) {
      this.serviceImpl = serviceImpl;
      this.methodId = methodId;
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public void invoke(Req request, io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_CALL:
          serviceImpl.call((io.github.mcpgrpc.v1.CallRequest) request,
              (io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.CallResponse>) responseObserver);
          break;
        default:
          throw new AssertionError();
      }
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public io.grpc.stub.StreamObserver<Req> invoke(
        io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_SESSION:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.session(
              (io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.SessionResponse>) responseObserver);
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getSessionMethod(),
          io.grpc.stub.ServerCalls.asyncBidiStreamingCall(
            new MethodHandlers<
              io.github.mcpgrpc.v1.SessionRequest,
              io.github.mcpgrpc.v1.SessionResponse>(
                service, METHODID_SESSION)))
        .addMethod(
          getCallMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.mcpgrpc.v1.CallRequest,
              io.github.mcpgrpc.v1.CallResponse>(
                service, METHODID_CALL)))
        .build();
  }

  private static abstract class McpServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    McpServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return io.github.mcpgrpc.v1.McpServiceProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("McpService");
    }
  }

  private static final class McpServiceFileDescriptorSupplier
      extends McpServiceBaseDescriptorSupplier {
    McpServiceFileDescriptorSupplier() {}
  }

  private static final class McpServiceMethodDescriptorSupplier
      extends McpServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    McpServiceMethodDescriptorSupplier(java.lang.String methodName) {
      this.methodName = methodName;
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.MethodDescriptor getMethodDescriptor() {
      return getServiceDescriptor().findMethodByName(methodName);
    }
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (McpServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new McpServiceFileDescriptorSupplier())
              .addMethod(getSessionMethod())
              .addMethod(getCallMethod())
              .build();
        }
      }
    }
    return result;
  }
}
