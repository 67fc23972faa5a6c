package io.github.mcpgrpc.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Tools, typed. The same requests as through McpService.Call, with the same answers.
 * Cancellation: cancelling an RPC, or its deadline, cancels the handler.
 * Status codes: an error of the service itself has the status of its reason, as on
 * McpService.Call, with ErrorInfo of the domain "mcpgrpc". An error of MCP has a status by its
 * code, INVALID_ARGUMENT for -32602, with ErrorInfo of the domain "mcp" and the trailer
 * `mcpgrpc-error-code`. docs/binding.md has the table. A tool that fails is no error: see
 * CallToolResult.is_error.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class ToolsServiceGrpc {

  private ToolsServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "mcpgrpc.v1.ToolsService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.ListToolsRequest,
      io.github.mcpgrpc.v1.ListToolsResponse> getListToolsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListTools",
      requestType = io.github.mcpgrpc.v1.ListToolsRequest.class,
      responseType = io.github.mcpgrpc.v1.ListToolsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.ListToolsRequest,
      io.github.mcpgrpc.v1.ListToolsResponse> getListToolsMethod() {
    io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.ListToolsRequest, io.github.mcpgrpc.v1.ListToolsResponse> getListToolsMethod;
    if ((getListToolsMethod = ToolsServiceGrpc.getListToolsMethod) == null) {
      synchronized (ToolsServiceGrpc.class) {
        if ((getListToolsMethod = ToolsServiceGrpc.getListToolsMethod) == null) {
          ToolsServiceGrpc.getListToolsMethod = getListToolsMethod =
              io.grpc.MethodDescriptor.<io.github.mcpgrpc.v1.ListToolsRequest, io.github.mcpgrpc.v1.ListToolsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListTools"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.mcpgrpc.v1.ListToolsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.mcpgrpc.v1.ListToolsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ToolsServiceMethodDescriptorSupplier("ListTools"))
              .build();
        }
      }
    }
    return getListToolsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.CallToolRequest,
      io.github.mcpgrpc.v1.CallToolResponse> getCallToolMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CallTool",
      requestType = io.github.mcpgrpc.v1.CallToolRequest.class,
      responseType = io.github.mcpgrpc.v1.CallToolResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.CallToolRequest,
      io.github.mcpgrpc.v1.CallToolResponse> getCallToolMethod() {
    io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.CallToolRequest, io.github.mcpgrpc.v1.CallToolResponse> getCallToolMethod;
    if ((getCallToolMethod = ToolsServiceGrpc.getCallToolMethod) == null) {
      synchronized (ToolsServiceGrpc.class) {
        if ((getCallToolMethod = ToolsServiceGrpc.getCallToolMethod) == null) {
          ToolsServiceGrpc.getCallToolMethod = getCallToolMethod =
              io.grpc.MethodDescriptor.<io.github.mcpgrpc.v1.CallToolRequest, io.github.mcpgrpc.v1.CallToolResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CallTool"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.mcpgrpc.v1.CallToolRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.mcpgrpc.v1.CallToolResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ToolsServiceMethodDescriptorSupplier("CallTool"))
              .build();
        }
      }
    }
    return getCallToolMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.WatchToolRequest,
      io.github.mcpgrpc.v1.WatchToolResponse> getWatchToolMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WatchTool",
      requestType = io.github.mcpgrpc.v1.WatchToolRequest.class,
      responseType = io.github.mcpgrpc.v1.WatchToolResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.WatchToolRequest,
      io.github.mcpgrpc.v1.WatchToolResponse> getWatchToolMethod() {
    io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.WatchToolRequest, io.github.mcpgrpc.v1.WatchToolResponse> getWatchToolMethod;
    if ((getWatchToolMethod = ToolsServiceGrpc.getWatchToolMethod) == null) {
      synchronized (ToolsServiceGrpc.class) {
        if ((getWatchToolMethod = ToolsServiceGrpc.getWatchToolMethod) == null) {
          ToolsServiceGrpc.getWatchToolMethod = getWatchToolMethod =
              io.grpc.MethodDescriptor.<io.github.mcpgrpc.v1.WatchToolRequest, io.github.mcpgrpc.v1.WatchToolResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WatchTool"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.mcpgrpc.v1.WatchToolRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.mcpgrpc.v1.WatchToolResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ToolsServiceMethodDescriptorSupplier("WatchTool"))
              .build();
        }
      }
    }
    return getWatchToolMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static ToolsServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ToolsServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ToolsServiceStub>() {
        @java.lang.Override
        public ToolsServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ToolsServiceStub(channel, callOptions);
        }
      };
    return ToolsServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static ToolsServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ToolsServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ToolsServiceBlockingV2Stub>() {
        @java.lang.Override
        public ToolsServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ToolsServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return ToolsServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static ToolsServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ToolsServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ToolsServiceBlockingStub>() {
        @java.lang.Override
        public ToolsServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ToolsServiceBlockingStub(channel, callOptions);
        }
      };
    return ToolsServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static ToolsServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ToolsServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ToolsServiceFutureStub>() {
        @java.lang.Override
        public ToolsServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ToolsServiceFutureStub(channel, callOptions);
        }
      };
    return ToolsServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Tools, typed. The same requests as through McpService.Call, with the same answers.
   * Cancellation: cancelling an RPC, or its deadline, cancels the handler.
   * Status codes: an error of the service itself has the status of its reason, as on
   * McpService.Call, with ErrorInfo of the domain "mcpgrpc". An error of MCP has a status by its
   * code, INVALID_ARGUMENT for -32602, with ErrorInfo of the domain "mcp" and the trailer
   * `mcpgrpc-error-code`. docs/binding.md has the table. A tool that fails is no error: see
   * CallToolResult.is_error.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Lists the tools, page by page.
     * Effect: none. Retries: safe.
     * </pre>
     */
    default void listTools(io.github.mcpgrpc.v1.ListToolsRequest request,
        io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.ListToolsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListToolsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Calls a tool. Unary, so that proxies and service configs take it for the one request that it
     * is; its progress and log messages are dropped.
     * Effect: whatever the tool does. Retries: never by status, since a proxy may answer UNAVAILABLE
     * for a tool that ran; again only where ErrorInfo says NOT_STARTED.
     * </pre>
     */
    default void callTool(io.github.mcpgrpc.v1.CallToolRequest request,
        io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.CallToolResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCallToolMethod(), responseObserver);
    }

    /**
     * <pre>
     * Calls a tool and tells its progress and log messages before its result.
     * Effect: whatever the tool does. Ordering: the notifications as the tool sent them, then exactly
     * one result. A client that does not read is ended ABORTED (STREAM_STALLED). Retries: as CallTool.
     * </pre>
     */
    default void watchTool(io.github.mcpgrpc.v1.WatchToolRequest request,
        io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.WatchToolResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWatchToolMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service ToolsService.
   * <pre>
   * Tools, typed. The same requests as through McpService.Call, with the same answers.
   * Cancellation: cancelling an RPC, or its deadline, cancels the handler.
   * Status codes: an error of the service itself has the status of its reason, as on
   * McpService.Call, with ErrorInfo of the domain "mcpgrpc". An error of MCP has a status by its
   * code, INVALID_ARGUMENT for -32602, with ErrorInfo of the domain "mcp" and the trailer
   * `mcpgrpc-error-code`. docs/binding.md has the table. A tool that fails is no error: see
   * CallToolResult.is_error.
   * </pre>
   */
  public static abstract class ToolsServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return ToolsServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service ToolsService.
   * <pre>
   * Tools, typed. The same requests as through McpService.Call, with the same answers.
   * Cancellation: cancelling an RPC, or its deadline, cancels the handler.
   * Status codes: an error of the service itself has the status of its reason, as on
   * McpService.Call, with ErrorInfo of the domain "mcpgrpc". An error of MCP has a status by its
   * code, INVALID_ARGUMENT for -32602, with ErrorInfo of the domain "mcp" and the trailer
   * `mcpgrpc-error-code`. docs/binding.md has the table. A tool that fails is no error: see
   * CallToolResult.is_error.
   * </pre>
   */
  public static final class ToolsServiceStub
      extends io.grpc.stub.AbstractAsyncStub<ToolsServiceStub> {
    private ToolsServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ToolsServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ToolsServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the tools, page by page.
     * Effect: none. Retries: safe.
     * </pre>
     */
    public void listTools(io.github.mcpgrpc.v1.ListToolsRequest request,
        io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.ListToolsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListToolsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Calls a tool. Unary, so that proxies and service configs take it for the one request that it
     * is; its progress and log messages are dropped.
     * Effect: whatever the tool does. Retries: never by status, since a proxy may answer UNAVAILABLE
     * for a tool that ran; again only where ErrorInfo says NOT_STARTED.
     * </pre>
     */
    public void callTool(io.github.mcpgrpc.v1.CallToolRequest request,
        io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.CallToolResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCallToolMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Calls a tool and tells its progress and log messages before its result.
     * Effect: whatever the tool does. Ordering: the notifications as the tool sent them, then exactly
     * one result. A client that does not read is ended ABORTED (STREAM_STALLED). Retries: as CallTool.
     * </pre>
     */
    public void watchTool(io.github.mcpgrpc.v1.WatchToolRequest request,
        io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.WatchToolResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getWatchToolMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service ToolsService.
   * <pre>
   * Tools, typed. The same requests as through McpService.Call, with the same answers.
   * Cancellation: cancelling an RPC, or its deadline, cancels the handler.
   * Status codes: an error of the service itself has the status of its reason, as on
   * McpService.Call, with ErrorInfo of the domain "mcpgrpc". An error of MCP has a status by its
   * code, INVALID_ARGUMENT for -32602, with ErrorInfo of the domain "mcp" and the trailer
   * `mcpgrpc-error-code`. docs/binding.md has the table. A tool that fails is no error: see
   * CallToolResult.is_error.
   * </pre>
   */
  public static final class ToolsServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<ToolsServiceBlockingV2Stub> {
    private ToolsServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ToolsServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ToolsServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the tools, page by page.
     * Effect: none. Retries: safe.
     * </pre>
     */
    public io.github.mcpgrpc.v1.ListToolsResponse listTools(io.github.mcpgrpc.v1.ListToolsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListToolsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Calls a tool. Unary, so that proxies and service configs take it for the one request that it
     * is; its progress and log messages are dropped.
     * Effect: whatever the tool does. Retries: never by status, since a proxy may answer UNAVAILABLE
     * for a tool that ran; again only where ErrorInfo says NOT_STARTED.
     * </pre>
     */
    public io.github.mcpgrpc.v1.CallToolResponse callTool(io.github.mcpgrpc.v1.CallToolRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCallToolMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Calls a tool and tells its progress and log messages before its result.
     * Effect: whatever the tool does. Ordering: the notifications as the tool sent them, then exactly
     * one result. A client that does not read is ended ABORTED (STREAM_STALLED). Retries: as CallTool.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.mcpgrpc.v1.WatchToolResponse>
        watchTool(io.github.mcpgrpc.v1.WatchToolRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getWatchToolMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service ToolsService.
   * <pre>
   * Tools, typed. The same requests as through McpService.Call, with the same answers.
   * Cancellation: cancelling an RPC, or its deadline, cancels the handler.
   * Status codes: an error of the service itself has the status of its reason, as on
   * McpService.Call, with ErrorInfo of the domain "mcpgrpc". An error of MCP has a status by its
   * code, INVALID_ARGUMENT for -32602, with ErrorInfo of the domain "mcp" and the trailer
   * `mcpgrpc-error-code`. docs/binding.md has the table. A tool that fails is no error: see
   * CallToolResult.is_error.
   * </pre>
   */
  public static final class ToolsServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<ToolsServiceBlockingStub> {
    private ToolsServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ToolsServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ToolsServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the tools, page by page.
     * Effect: none. Retries: safe.
     * </pre>
     */
    public io.github.mcpgrpc.v1.ListToolsResponse listTools(io.github.mcpgrpc.v1.ListToolsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListToolsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Calls a tool. Unary, so that proxies and service configs take it for the one request that it
     * is; its progress and log messages are dropped.
     * Effect: whatever the tool does. Retries: never by status, since a proxy may answer UNAVAILABLE
     * for a tool that ran; again only where ErrorInfo says NOT_STARTED.
     * </pre>
     */
    public io.github.mcpgrpc.v1.CallToolResponse callTool(io.github.mcpgrpc.v1.CallToolRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCallToolMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Calls a tool and tells its progress and log messages before its result.
     * Effect: whatever the tool does. Ordering: the notifications as the tool sent them, then exactly
     * one result. A client that does not read is ended ABORTED (STREAM_STALLED). Retries: as CallTool.
     * </pre>
     */
    public java.util.Iterator<io.github.mcpgrpc.v1.WatchToolResponse> watchTool(
        io.github.mcpgrpc.v1.WatchToolRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getWatchToolMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service ToolsService.
   * <pre>
   * Tools, typed. The same requests as through McpService.Call, with the same answers.
   * Cancellation: cancelling an RPC, or its deadline, cancels the handler.
   * Status codes: an error of the service itself has the status of its reason, as on
   * McpService.Call, with ErrorInfo of the domain "mcpgrpc". An error of MCP has a status by its
   * code, INVALID_ARGUMENT for -32602, with ErrorInfo of the domain "mcp" and the trailer
   * `mcpgrpc-error-code`. docs/binding.md has the table. A tool that fails is no error: see
   * CallToolResult.is_error.
   * </pre>
   */
  public static final class ToolsServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<ToolsServiceFutureStub> {
    private ToolsServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ToolsServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ToolsServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the tools, page by page.
     * Effect: none. Retries: safe.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.mcpgrpc.v1.ListToolsResponse> listTools(
        io.github.mcpgrpc.v1.ListToolsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListToolsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Calls a tool. Unary, so that proxies and service configs take it for the one request that it
     * is; its progress and log messages are dropped.
     * Effect: whatever the tool does. Retries: never by status, since a proxy may answer UNAVAILABLE
     * for a tool that ran; again only where ErrorInfo says NOT_STARTED.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.mcpgrpc.v1.CallToolResponse> callTool(
        io.github.mcpgrpc.v1.CallToolRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCallToolMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_LIST_TOOLS = 0;
  private static final int METHODID_CALL_TOOL = 1;
  private static final int METHODID_WATCH_TOOL = 2;

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
        case METHODID_LIST_TOOLS:
          serviceImpl.listTools((io.github.mcpgrpc.v1.ListToolsRequest) request,
              (io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.ListToolsResponse>) responseObserver);
          break;
        case METHODID_CALL_TOOL:
          serviceImpl.callTool((io.github.mcpgrpc.v1.CallToolRequest) request,
              (io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.CallToolResponse>) responseObserver);
          break;
        case METHODID_WATCH_TOOL:
          serviceImpl.watchTool((io.github.mcpgrpc.v1.WatchToolRequest) request,
              (io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.WatchToolResponse>) responseObserver);
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
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getListToolsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.mcpgrpc.v1.ListToolsRequest,
              io.github.mcpgrpc.v1.ListToolsResponse>(
                service, METHODID_LIST_TOOLS)))
        .addMethod(
          getCallToolMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.mcpgrpc.v1.CallToolRequest,
              io.github.mcpgrpc.v1.CallToolResponse>(
                service, METHODID_CALL_TOOL)))
        .addMethod(
          getWatchToolMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.mcpgrpc.v1.WatchToolRequest,
              io.github.mcpgrpc.v1.WatchToolResponse>(
                service, METHODID_WATCH_TOOL)))
        .build();
  }

  private static abstract class ToolsServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    ToolsServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return io.github.mcpgrpc.v1.ToolsServiceProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("ToolsService");
    }
  }

  private static final class ToolsServiceFileDescriptorSupplier
      extends ToolsServiceBaseDescriptorSupplier {
    ToolsServiceFileDescriptorSupplier() {}
  }

  private static final class ToolsServiceMethodDescriptorSupplier
      extends ToolsServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    ToolsServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (ToolsServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new ToolsServiceFileDescriptorSupplier())
              .addMethod(getListToolsMethod())
              .addMethod(getCallToolMethod())
              .addMethod(getWatchToolMethod())
              .build();
        }
      }
    }
    return result;
  }
}
