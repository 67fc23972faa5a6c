package io.github.mcpgrpc.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Prompts, typed. The same requests as through McpService.Call, with the same answers.
 * Cancellation, status codes: as ToolsService.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class PromptsServiceGrpc {

  private PromptsServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "mcpgrpc.v1.PromptsService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.ListPromptsRequest,
      io.github.mcpgrpc.v1.ListPromptsResponse> getListPromptsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListPrompts",
      requestType = io.github.mcpgrpc.v1.ListPromptsRequest.class,
      responseType = io.github.mcpgrpc.v1.ListPromptsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.ListPromptsRequest,
      io.github.mcpgrpc.v1.ListPromptsResponse> getListPromptsMethod() {
    io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.ListPromptsRequest, io.github.mcpgrpc.v1.ListPromptsResponse> getListPromptsMethod;
    if ((getListPromptsMethod = PromptsServiceGrpc.getListPromptsMethod) == null) {
      synchronized (PromptsServiceGrpc.class) {
        if ((getListPromptsMethod = PromptsServiceGrpc.getListPromptsMethod) == null) {
          PromptsServiceGrpc.getListPromptsMethod = getListPromptsMethod =
              io.grpc.MethodDescriptor.<io.github.mcpgrpc.v1.ListPromptsRequest, io.github.mcpgrpc.v1.ListPromptsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListPrompts"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.mcpgrpc.v1.ListPromptsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.mcpgrpc.v1.ListPromptsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PromptsServiceMethodDescriptorSupplier("ListPrompts"))
              .build();
        }
      }
    }
    return getListPromptsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.GetPromptRequest,
      io.github.mcpgrpc.v1.GetPromptResponse> getGetPromptMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetPrompt",
      requestType = io.github.mcpgrpc.v1.GetPromptRequest.class,
      responseType = io.github.mcpgrpc.v1.GetPromptResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.GetPromptRequest,
      io.github.mcpgrpc.v1.GetPromptResponse> getGetPromptMethod() {
    io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.GetPromptRequest, io.github.mcpgrpc.v1.GetPromptResponse> getGetPromptMethod;
    if ((getGetPromptMethod = PromptsServiceGrpc.getGetPromptMethod) == null) {
      synchronized (PromptsServiceGrpc.class) {
        if ((getGetPromptMethod = PromptsServiceGrpc.getGetPromptMethod) == null) {
          PromptsServiceGrpc.getGetPromptMethod = getGetPromptMethod =
              io.grpc.MethodDescriptor.<io.github.mcpgrpc.v1.GetPromptRequest, io.github.mcpgrpc.v1.GetPromptResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetPrompt"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.mcpgrpc.v1.GetPromptRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.mcpgrpc.v1.GetPromptResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PromptsServiceMethodDescriptorSupplier("GetPrompt"))
              .build();
        }
      }
    }
    return getGetPromptMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static PromptsServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<PromptsServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<PromptsServiceStub>() {
        @java.lang.Override
        public PromptsServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new PromptsServiceStub(channel, callOptions);
        }
      };
    return PromptsServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static PromptsServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<PromptsServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<PromptsServiceBlockingV2Stub>() {
        @java.lang.Override
        public PromptsServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new PromptsServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return PromptsServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static PromptsServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<PromptsServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<PromptsServiceBlockingStub>() {
        @java.lang.Override
        public PromptsServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new PromptsServiceBlockingStub(channel, callOptions);
        }
      };
    return PromptsServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static PromptsServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<PromptsServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<PromptsServiceFutureStub>() {
        @java.lang.Override
        public PromptsServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new PromptsServiceFutureStub(channel, callOptions);
        }
      };
    return PromptsServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Prompts, typed. The same requests as through McpService.Call, with the same answers.
   * Cancellation, status codes: as ToolsService.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Lists the prompts, page by page.
     * Effect: none. Retries: safe.
     * </pre>
     */
    default void listPrompts(io.github.mcpgrpc.v1.ListPromptsRequest request,
        io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.ListPromptsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListPromptsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Gets a prompt with its arguments filled in.
     * Effect: none. Retries: safe.
     * </pre>
     */
    default void getPrompt(io.github.mcpgrpc.v1.GetPromptRequest request,
        io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.GetPromptResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetPromptMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service PromptsService.
   * <pre>
   * Prompts, typed. The same requests as through McpService.Call, with the same answers.
   * Cancellation, status codes: as ToolsService.
   * </pre>
   */
  public static abstract class PromptsServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return PromptsServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service PromptsService.
   * <pre>
   * Prompts, typed. The same requests as through McpService.Call, with the same answers.
   * Cancellation, status codes: as ToolsService.
   * </pre>
   */
  public static final class PromptsServiceStub
      extends io.grpc.stub.AbstractAsyncStub<PromptsServiceStub> {
    private PromptsServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected PromptsServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new PromptsServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the prompts, page by page.
     * Effect: none. Retries: safe.
     * </pre>
     */
    public void listPrompts(io.github.mcpgrpc.v1.ListPromptsRequest request,
        io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.ListPromptsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListPromptsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Gets a prompt with its arguments filled in.
     * Effect: none. Retries: safe.
     * </pre>
     */
    public void getPrompt(io.github.mcpgrpc.v1.GetPromptRequest request,
        io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.GetPromptResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetPromptMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service PromptsService.
   * <pre>
   * Prompts, typed. The same requests as through McpService.Call, with the same answers.
   * Cancellation, status codes: as ToolsService.
   * </pre>
   */
  public static final class PromptsServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<PromptsServiceBlockingV2Stub> {
    private PromptsServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected PromptsServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new PromptsServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the prompts, page by page.
     * Effect: none. Retries: safe.
     * </pre>
     */
    public io.github.mcpgrpc.v1.ListPromptsResponse listPrompts(io.github.mcpgrpc.v1.ListPromptsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListPromptsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Gets a prompt with its arguments filled in.
     * Effect: none. Retries: safe.
     * </pre>
     */
    public io.github.mcpgrpc.v1.GetPromptResponse getPrompt(io.github.mcpgrpc.v1.GetPromptRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetPromptMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service PromptsService.
   * <pre>
   * Prompts, typed. The same requests as through McpService.Call, with the same answers.
   * Cancellation, status codes: as ToolsService.
   * </pre>
   */
  public static final class PromptsServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<PromptsServiceBlockingStub> {
    private PromptsServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected PromptsServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new PromptsServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the prompts, page by page.
     * Effect: none. Retries: safe.
     * </pre>
     */
    public io.github.mcpgrpc.v1.ListPromptsResponse listPrompts(io.github.mcpgrpc.v1.ListPromptsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListPromptsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Gets a prompt with its arguments filled in.
     * Effect: none. Retries: safe.
     * </pre>
     */
    public io.github.mcpgrpc.v1.GetPromptResponse getPrompt(io.github.mcpgrpc.v1.GetPromptRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetPromptMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service PromptsService.
   * <pre>
   * Prompts, typed. The same requests as through McpService.Call, with the same answers.
   * Cancellation, status codes: as ToolsService.
   * </pre>
   */
  public static final class PromptsServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<PromptsServiceFutureStub> {
    private PromptsServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected PromptsServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new PromptsServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the prompts, page by page.
     * Effect: none. Retries: safe.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.mcpgrpc.v1.ListPromptsResponse> listPrompts(
        io.github.mcpgrpc.v1.ListPromptsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListPromptsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Gets a prompt with its arguments filled in.
     * Effect: none. Retries: safe.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.mcpgrpc.v1.GetPromptResponse> getPrompt(
        io.github.mcpgrpc.v1.GetPromptRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetPromptMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_LIST_PROMPTS = 0;
  private static final int METHODID_GET_PROMPT = 1;

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
        case METHODID_LIST_PROMPTS:
          serviceImpl.listPrompts((io.github.mcpgrpc.v1.ListPromptsRequest) request,
              (io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.ListPromptsResponse>) responseObserver);
          break;
        case METHODID_GET_PROMPT:
          serviceImpl.getPrompt((io.github.mcpgrpc.v1.GetPromptRequest) request,
              (io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.GetPromptResponse>) responseObserver);
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
          getListPromptsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.mcpgrpc.v1.ListPromptsRequest,
              io.github.mcpgrpc.v1.ListPromptsResponse>(
                service, METHODID_LIST_PROMPTS)))
        .addMethod(
          getGetPromptMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.mcpgrpc.v1.GetPromptRequest,
              io.github.mcpgrpc.v1.GetPromptResponse>(
                service, METHODID_GET_PROMPT)))
        .build();
  }

  private static abstract class PromptsServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    PromptsServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return io.github.mcpgrpc.v1.PromptsServiceProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("PromptsService");
    }
  }

  private static final class PromptsServiceFileDescriptorSupplier
      extends PromptsServiceBaseDescriptorSupplier {
    PromptsServiceFileDescriptorSupplier() {}
  }

  private static final class PromptsServiceMethodDescriptorSupplier
      extends PromptsServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    PromptsServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (PromptsServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new PromptsServiceFileDescriptorSupplier())
              .addMethod(getListPromptsMethod())
              .addMethod(getGetPromptMethod())
              .build();
        }
      }
    }
    return result;
  }
}
