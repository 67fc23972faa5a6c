package io.github.mcpgrpc.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Resources, typed. The same requests as through McpService.Call, with the same answers.
 * Cancellation, status codes: as ToolsService. A resource that does not exist is INVALID_ARGUMENT,
 * as MCP answers -32602 with the URI in the error's data.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class ResourcesServiceGrpc {

  private ResourcesServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "mcpgrpc.v1.ResourcesService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.ListResourcesRequest,
      io.github.mcpgrpc.v1.ListResourcesResponse> getListResourcesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListResources",
      requestType = io.github.mcpgrpc.v1.ListResourcesRequest.class,
      responseType = io.github.mcpgrpc.v1.ListResourcesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.ListResourcesRequest,
      io.github.mcpgrpc.v1.ListResourcesResponse> getListResourcesMethod() {
    io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.ListResourcesRequest, io.github.mcpgrpc.v1.ListResourcesResponse> getListResourcesMethod;
    if ((getListResourcesMethod = ResourcesServiceGrpc.getListResourcesMethod) == null) {
      synchronized (ResourcesServiceGrpc.class) {
        if ((getListResourcesMethod = ResourcesServiceGrpc.getListResourcesMethod) == null) {
          ResourcesServiceGrpc.getListResourcesMethod = getListResourcesMethod =
              io.grpc.MethodDescriptor.<io.github.mcpgrpc.v1.ListResourcesRequest, io.github.mcpgrpc.v1.ListResourcesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListResources"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.mcpgrpc.v1.ListResourcesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.mcpgrpc.v1.ListResourcesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ResourcesServiceMethodDescriptorSupplier("ListResources"))
              .build();
        }
      }
    }
    return getListResourcesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.ListResourceTemplatesRequest,
      io.github.mcpgrpc.v1.ListResourceTemplatesResponse> getListResourceTemplatesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListResourceTemplates",
      requestType = io.github.mcpgrpc.v1.ListResourceTemplatesRequest.class,
      responseType = io.github.mcpgrpc.v1.ListResourceTemplatesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.ListResourceTemplatesRequest,
      io.github.mcpgrpc.v1.ListResourceTemplatesResponse> getListResourceTemplatesMethod() {
    io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.ListResourceTemplatesRequest, io.github.mcpgrpc.v1.ListResourceTemplatesResponse> getListResourceTemplatesMethod;
    if ((getListResourceTemplatesMethod = ResourcesServiceGrpc.getListResourceTemplatesMethod) == null) {
      synchronized (ResourcesServiceGrpc.class) {
        if ((getListResourceTemplatesMethod = ResourcesServiceGrpc.getListResourceTemplatesMethod) == null) {
          ResourcesServiceGrpc.getListResourceTemplatesMethod = getListResourceTemplatesMethod =
              io.grpc.MethodDescriptor.<io.github.mcpgrpc.v1.ListResourceTemplatesRequest, io.github.mcpgrpc.v1.ListResourceTemplatesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListResourceTemplates"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.mcpgrpc.v1.ListResourceTemplatesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.mcpgrpc.v1.ListResourceTemplatesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ResourcesServiceMethodDescriptorSupplier("ListResourceTemplates"))
              .build();
        }
      }
    }
    return getListResourceTemplatesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.ReadResourceRequest,
      io.github.mcpgrpc.v1.ReadResourceResponse> getReadResourceMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ReadResource",
      requestType = io.github.mcpgrpc.v1.ReadResourceRequest.class,
      responseType = io.github.mcpgrpc.v1.ReadResourceResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.ReadResourceRequest,
      io.github.mcpgrpc.v1.ReadResourceResponse> getReadResourceMethod() {
    io.grpc.MethodDescriptor<io.github.mcpgrpc.v1.ReadResourceRequest, io.github.mcpgrpc.v1.ReadResourceResponse> getReadResourceMethod;
    if ((getReadResourceMethod = ResourcesServiceGrpc.getReadResourceMethod) == null) {
      synchronized (ResourcesServiceGrpc.class) {
        if ((getReadResourceMethod = ResourcesServiceGrpc.getReadResourceMethod) == null) {
          ResourcesServiceGrpc.getReadResourceMethod = getReadResourceMethod =
              io.grpc.MethodDescriptor.<io.github.mcpgrpc.v1.ReadResourceRequest, io.github.mcpgrpc.v1.ReadResourceResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ReadResource"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.mcpgrpc.v1.ReadResourceRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.mcpgrpc.v1.ReadResourceResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ResourcesServiceMethodDescriptorSupplier("ReadResource"))
              .build();
        }
      }
    }
    return getReadResourceMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static ResourcesServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ResourcesServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ResourcesServiceStub>() {
        @java.lang.Override
        public ResourcesServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ResourcesServiceStub(channel, callOptions);
        }
      };
    return ResourcesServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static ResourcesServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ResourcesServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ResourcesServiceBlockingV2Stub>() {
        @java.lang.Override
        public ResourcesServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ResourcesServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return ResourcesServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static ResourcesServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ResourcesServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ResourcesServiceBlockingStub>() {
        @java.lang.Override
        public ResourcesServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ResourcesServiceBlockingStub(channel, callOptions);
        }
      };
    return ResourcesServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static ResourcesServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ResourcesServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ResourcesServiceFutureStub>() {
        @java.lang.Override
        public ResourcesServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ResourcesServiceFutureStub(channel, callOptions);
        }
      };
    return ResourcesServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Resources, typed. The same requests as through McpService.Call, with the same answers.
   * Cancellation, status codes: as ToolsService. A resource that does not exist is INVALID_ARGUMENT,
   * as MCP answers -32602 with the URI in the error's data.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Lists the resources, page by page.
     * Effect: none. Retries: safe.
     * </pre>
     */
    default void listResources(io.github.mcpgrpc.v1.ListResourcesRequest request,
        io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.ListResourcesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListResourcesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the templates of resources, page by page.
     * Effect: none. Retries: safe.
     * </pre>
     */
    default void listResourceTemplates(io.github.mcpgrpc.v1.ListResourceTemplatesRequest request,
        io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.ListResourceTemplatesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListResourceTemplatesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Reads a resource.
     * Effect: none. Retries: safe.
     * </pre>
     */
    default void readResource(io.github.mcpgrpc.v1.ReadResourceRequest request,
        io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.ReadResourceResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getReadResourceMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service ResourcesService.
   * <pre>
   * Resources, typed. The same requests as through McpService.Call, with the same answers.
   * Cancellation, status codes: as ToolsService. A resource that does not exist is INVALID_ARGUMENT,
   * as MCP answers -32602 with the URI in the error's data.
   * </pre>
   */
  public static abstract class ResourcesServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return ResourcesServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service ResourcesService.
   * <pre>
   * Resources, typed. The same requests as through McpService.Call, with the same answers.
   * Cancellation, status codes: as ToolsService. A resource that does not exist is INVALID_ARGUMENT,
   * as MCP answers -32602 with the URI in the error's data.
   * </pre>
   */
  public static final class ResourcesServiceStub
      extends io.grpc.stub.AbstractAsyncStub<ResourcesServiceStub> {
    private ResourcesServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ResourcesServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ResourcesServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the resources, page by page.
     * Effect: none. Retries: safe.
     * </pre>
     */
    public void listResources(io.github.mcpgrpc.v1.ListResourcesRequest request,
        io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.ListResourcesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListResourcesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the templates of resources, page by page.
     * Effect: none. Retries: safe.
     * </pre>
     */
    public void listResourceTemplates(io.github.mcpgrpc.v1.ListResourceTemplatesRequest request,
        io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.ListResourceTemplatesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListResourceTemplatesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Reads a resource.
     * Effect: none. Retries: safe.
     * </pre>
     */
    public void readResource(io.github.mcpgrpc.v1.ReadResourceRequest request,
        io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.ReadResourceResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getReadResourceMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service ResourcesService.
   * <pre>
   * Resources, typed. The same requests as through McpService.Call, with the same answers.
   * Cancellation, status codes: as ToolsService. A resource that does not exist is INVALID_ARGUMENT,
   * as MCP answers -32602 with the URI in the error's data.
   * </pre>
   */
  public static final class ResourcesServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<ResourcesServiceBlockingV2Stub> {
    private ResourcesServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ResourcesServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ResourcesServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the resources, page by page.
     * Effect: none. Retries: safe.
     * </pre>
     */
    public io.github.mcpgrpc.v1.ListResourcesResponse listResources(io.github.mcpgrpc.v1.ListResourcesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListResourcesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the templates of resources, page by page.
     * Effect: none. Retries: safe.
     * </pre>
     */
    public io.github.mcpgrpc.v1.ListResourceTemplatesResponse listResourceTemplates(io.github.mcpgrpc.v1.ListResourceTemplatesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListResourceTemplatesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reads a resource.
     * Effect: none. Retries: safe.
     * </pre>
     */
    public io.github.mcpgrpc.v1.ReadResourceResponse readResource(io.github.mcpgrpc.v1.ReadResourceRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getReadResourceMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service ResourcesService.
   * <pre>
   * Resources, typed. The same requests as through McpService.Call, with the same answers.
   * Cancellation, status codes: as ToolsService. A resource that does not exist is INVALID_ARGUMENT,
   * as MCP answers -32602 with the URI in the error's data.
   * </pre>
   */
  public static final class ResourcesServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<ResourcesServiceBlockingStub> {
    private ResourcesServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ResourcesServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ResourcesServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the resources, page by page.
     * Effect: none. Retries: safe.
     * </pre>
     */
    public io.github.mcpgrpc.v1.ListResourcesResponse listResources(io.github.mcpgrpc.v1.ListResourcesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListResourcesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the templates of resources, page by page.
     * Effect: none. Retries: safe.
     * </pre>
     */
    public io.github.mcpgrpc.v1.ListResourceTemplatesResponse listResourceTemplates(io.github.mcpgrpc.v1.ListResourceTemplatesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListResourceTemplatesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reads a resource.
     * Effect: none. Retries: safe.
     * </pre>
     */
    public io.github.mcpgrpc.v1.ReadResourceResponse readResource(io.github.mcpgrpc.v1.ReadResourceRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getReadResourceMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service ResourcesService.
   * <pre>
   * Resources, typed. The same requests as through McpService.Call, with the same answers.
   * Cancellation, status codes: as ToolsService. A resource that does not exist is INVALID_ARGUMENT,
   * as MCP answers -32602 with the URI in the error's data.
   * </pre>
   */
  public static final class ResourcesServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<ResourcesServiceFutureStub> {
    private ResourcesServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ResourcesServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ResourcesServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the resources, page by page.
     * Effect: none. Retries: safe.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.mcpgrpc.v1.ListResourcesResponse> listResources(
        io.github.mcpgrpc.v1.ListResourcesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListResourcesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the templates of resources, page by page.
     * Effect: none. Retries: safe.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.mcpgrpc.v1.ListResourceTemplatesResponse> listResourceTemplates(
        io.github.mcpgrpc.v1.ListResourceTemplatesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListResourceTemplatesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Reads a resource.
     * Effect: none. Retries: safe.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.mcpgrpc.v1.ReadResourceResponse> readResource(
        io.github.mcpgrpc.v1.ReadResourceRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getReadResourceMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_LIST_RESOURCES = 0;
  private static final int METHODID_LIST_RESOURCE_TEMPLATES = 1;
  private static final int METHODID_READ_RESOURCE = 2;

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
        case METHODID_LIST_RESOURCES:
          serviceImpl.listResources((io.github.mcpgrpc.v1.ListResourcesRequest) request,
              (io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.ListResourcesResponse>) responseObserver);
          break;
        case METHODID_LIST_RESOURCE_TEMPLATES:
          serviceImpl.listResourceTemplates((io.github.mcpgrpc.v1.ListResourceTemplatesRequest) request,
              (io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.ListResourceTemplatesResponse>) responseObserver);
          break;
        case METHODID_READ_RESOURCE:
          serviceImpl.readResource((io.github.mcpgrpc.v1.ReadResourceRequest) request,
              (io.grpc.stub.StreamObserver<io.github.mcpgrpc.v1.ReadResourceResponse>) responseObserver);
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
          getListResourcesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.mcpgrpc.v1.ListResourcesRequest,
              io.github.mcpgrpc.v1.ListResourcesResponse>(
                service, METHODID_LIST_RESOURCES)))
        .addMethod(
          getListResourceTemplatesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.mcpgrpc.v1.ListResourceTemplatesRequest,
              io.github.mcpgrpc.v1.ListResourceTemplatesResponse>(
                service, METHODID_LIST_RESOURCE_TEMPLATES)))
        .addMethod(
          getReadResourceMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.mcpgrpc.v1.ReadResourceRequest,
              io.github.mcpgrpc.v1.ReadResourceResponse>(
                service, METHODID_READ_RESOURCE)))
        .build();
  }

  private static abstract class ResourcesServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    ResourcesServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return io.github.mcpgrpc.v1.ResourcesServiceProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("ResourcesService");
    }
  }

  private static final class ResourcesServiceFileDescriptorSupplier
      extends ResourcesServiceBaseDescriptorSupplier {
    ResourcesServiceFileDescriptorSupplier() {}
  }

  private static final class ResourcesServiceMethodDescriptorSupplier
      extends ResourcesServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    ResourcesServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (ResourcesServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new ResourcesServiceFileDescriptorSupplier())
              .addMethod(getListResourcesMethod())
              .addMethod(getListResourceTemplatesMethod())
              .addMethod(getReadResourceMethod())
              .build();
        }
      }
    }
    return result;
  }
}
