package io.github.mcpgrpc;

import io.github.mcpgrpc.v1.SessionRequest;
import io.github.mcpgrpc.v1.SessionResponse;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import java.util.concurrent.atomic.AtomicInteger;

/** How many items the frames of a Session hold, both ways; it changes none. */
final class FrameSizes implements ClientInterceptor {
  private final AtomicInteger sent = new AtomicInteger();
  private final AtomicInteger received = new AtomicInteger();

  int largestSent() {
    return sent.get();
  }

  int largestReceived() {
    return received.get();
  }

  @Override
  public <Q, A> ClientCall<Q, A> interceptCall(
      MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
    return new SimpleForwardingClientCall<Q, A>(next.newCall(method, options)) {
      @Override
      public void start(Listener<A> listener, Metadata headers) {
        super.start(new Counting<>(listener), headers);
      }

      @Override
      public void sendMessage(Q message) {
        count(sent, ((SessionRequest) message).getItemsCount());
        super.sendMessage(message);
      }
    };
  }

  private final class Counting<A> extends SimpleForwardingClientCallListener<A> {
    Counting(ClientCall.Listener<A> listener) {
      super(listener);
    }

    @Override
    public void onMessage(A message) {
      count(received, ((SessionResponse) message).getItemsCount());
      super.onMessage(message);
    }
  }

  private static void count(AtomicInteger largest, int items) {
    largest.accumulateAndGet(items, Math::max);
  }
}
