package io.github.mcpgrpc.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Subscriptions, typed. The same request as through McpService.Call, with the same answers.
 * Status codes: as ToolsService.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class SubscriptionsServiceGrpc {

  private SubscriptionsServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "mcpgrpc.v1.SubscriptionsService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.ListenRequest,
      io.github.mcpgrpc.v1.ListenResponse> getListenMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Listen",
      requestType = io.github.mcpgrpc.v1.ListenRequest.class,
      responseType = io.github.mcpgrpc.v1.ListenResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.ListenRequest,
      io.github.mcpgrpc.v1.ListenResponse> getListenMethod() {
    io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.ListenRequest, io.github.mcpgrpc.v1.ListenResponse> getListenMethod;
    if ((getListenMethod = SubscriptionsServiceGrpc.getListenMethod) == null) {
      synchronized (SubscriptionsServiceGrpc.class) {
        if ((getListenMethod = SubscriptionsServiceGrpc.getListenMethod) == null) {
          SubscriptionsServiceGrpc.getListenMethod = getListenMethod =
              io.grpc.MethodDescriptor.<io.github.mcpgrpc.v1.ListenRequest, io.github.mcpgrpc.v1.ListenResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Listen"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.mcpgrpc.v1.ListenRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.mcpgrpc.v1.ListenResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SubscriptionsServiceMethodDescriptorSupplier("Listen"))
              .build();
        }
      }
    }
    return getListenMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static SubscriptionsServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SubscriptionsServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SubscriptionsServiceStub>() {
        @java.lang.Override
        public SubscriptionsServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SubscriptionsServiceStub(channel, callOptions);
        }
      };
    return SubscriptionsServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static SubscriptionsServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SubscriptionsServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SubscriptionsServiceBlockingV2Stub>() {
        @java.lang.Override
        public SubscriptionsServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SubscriptionsServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return SubscriptionsServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static SubscriptionsServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SubscriptionsServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SubscriptionsServiceBlockingStub>() {
        @java.lang.Override
        public SubscriptionsServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SubscriptionsServiceBlockingStub(channel, callOptions);
        }
      };
    return SubscriptionsServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static SubscriptionsServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SubscriptionsServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SubscriptionsServiceFutureStub>() {
        @java.lang.Override
        public SubscriptionsServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SubscriptionsServiceFutureStub(channel, callOptions);
        }
      };
    return SubscriptionsServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Subscriptions, typed. The same request as through McpService.Call, with the same answers.
   * Status codes: as ToolsService.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Hears of changes until the client cancels the RPC, its deadline ends or the server completes it.
     * Effect: none. Ordering: the acknowledgement first, then the changes as they happen. A client
     * that does not read is ended ABORTED (STREAM_STALLED). Retries: subscribe again at any time, and
     * list or read what may have changed meanwhile.
     * </pre>
     */
    default void listen(io.github.mcpgrpc.v1.ListenRequest request,
        io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.ListenResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListenMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service SubscriptionsService.
   * <pre>
   * Subscriptions, typed. The same request as through McpService.Call, with the same answers.
   * Status codes: as ToolsService.
   * </pre>
   */
  public static abstract class SubscriptionsServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return SubscriptionsServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service SubscriptionsService.
   * <pre>
   * Subscriptions, typed. The same request as through McpService.Call, with the same answers.
   * Status codes: as ToolsService.
   * </pre>
   */
  public static final class SubscriptionsServiceStub
      extends io.grpc.stub.AbstractAsyncStub<SubscriptionsServiceStub> {
    private SubscriptionsServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SubscriptionsServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SubscriptionsServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Hears of changes until the client cancels the RPC, its deadline ends or the server completes it.
     * Effect: none. Ordering: the acknowledgement first, then the changes as they happen. A client
     * that does not read is ended ABORTED (STREAM_STALLED). Retries: subscribe again at any time, and
     * list or read what may have changed meanwhile.
     * </pre>
     */
    public void listen(io.github.mcpgrpc.v1.ListenRequest request,
        io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.ListenResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getListenMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service SubscriptionsService.
   * <pre>
   * Subscriptions, typed. The same request as through McpService.Call, with the same answers.
   * Status codes: as ToolsService.
   * </pre>
   */
  public static final class SubscriptionsServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<SubscriptionsServiceBlockingV2Stub> {
    private SubscriptionsServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SubscriptionsServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SubscriptionsServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Hears of changes until the client cancels the RPC, its deadline ends or the server completes it.
     * Effect: none. Ordering: the acknowledgement first, then the changes as they happen. A client
     * that does not read is ended ABORTED (STREAM_STALLED). Retries: subscribe again at any time, and
     * list or read what may have changed meanwhile.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.mcpgrpc.v1.ListenResponse>
        listen(io.github.mcpgrpc.v1.ListenRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getListenMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service SubscriptionsService.
   * <pre>
   * Subscriptions, typed. The same request as through McpService.Call, with the same answers.
   * Status codes: as ToolsService.
   * </pre>
   */
  public static final class SubscriptionsServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<SubscriptionsServiceBlockingStub> {
    private SubscriptionsServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SubscriptionsServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SubscriptionsServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Hears of changes until the client cancels the RPC, its deadline ends or the server completes it.
     * Effect: none. Ordering: the acknowledgement first, then the changes as they happen. A client
     * that does not read is ended ABORTED (STREAM_STALLED). Retries: subscribe again at any time, and
     * list or read what may have changed meanwhile.
     * </pre>
     */
    public java.util.Iterator<io.github.mcpgrpc.v1.ListenResponse> listen(
        io.github.mcpgrpc.v1.ListenRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getListenMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service SubscriptionsService.
   * <pre>
   * Subscriptions, typed. The same request as through McpService.Call, with the same answers.
   * Status codes: as ToolsService.
   * </pre>
   */
  public static final class SubscriptionsServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<SubscriptionsServiceFutureStub> {
    private SubscriptionsServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SubscriptionsServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SubscriptionsServiceFutureStub(channel, callOptions);
    }
  }

  private static final int METHODID_LISTEN = 0;

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
        case METHODID_LISTEN:
          serviceImpl.listen((io.github.mcpgrpc.v1.ListenRequest) request,
              (io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.ListenResponse>) responseObserver);
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
          getListenMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.mcpgrpc.v1.ListenRequest,
              io.github.mcpgrpc.v1.ListenResponse>(
                service, METHODID_LISTEN)))
        .build();
  }

  private static abstract class SubscriptionsServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    SubscriptionsServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return io.github.mcpgrpc.v1.SubscriptionsServiceProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("SubscriptionsService");
    }
  }

  private static final class SubscriptionsServiceFileDescriptorSupplier
      extends SubscriptionsServiceBaseDescriptorSupplier {
    SubscriptionsServiceFileDescriptorSupplier() {}
  }

  private static final class SubscriptionsServiceMethodDescriptorSupplier
      extends SubscriptionsServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    SubscriptionsServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (SubscriptionsServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new SubscriptionsServiceFileDescriptorSupplier())
              .addMethod(getListenMethod())
              .build();
        }
      }
    }
    return result;
  }
}
