package io.github.mcpgrpc;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * What every RPC of a client is given: a credential, and a deadline where it has none.
 *
 * <p>Streams get no deadline: a Session and a Listen would end with it.
 */
final class RequestDefaults implements ClientInterceptor {
  private final Duration deadline;
  private final Metadata.Key<String> key;
  private final Supplier<String> credential;

  RequestDefaults(Duration deadline, Metadata.Key<String> key, Supplier<String> credential) {
    this.deadline = deadline;
    this.key = key;
    this.credential = credential;
  }

  @Override
  public <Q, A> ClientCall<Q, A> interceptCall(
      MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
    return new ForwardingClientCall.SimpleForwardingClientCall<Q, A>(
        next.newCall(method, bounded(method, options))) {
      @Override
      public void start(Listener<A> listener, Metadata headers) {
        if (credential != null) {
          headers.put(key, credential.get());
        }
        super.start(listener, headers);
      }
    };
  }

  private CallOptions bounded(MethodDescriptor<?, ?> method, CallOptions options) {
    boolean isBounded = options.getDeadline() != null || method.getType() != MethodType.UNARY;
    return isBounded
        ? options
        : options.withDeadlineAfter(deadline.toNanos(), TimeUnit.NANOSECONDS);
  }
}
