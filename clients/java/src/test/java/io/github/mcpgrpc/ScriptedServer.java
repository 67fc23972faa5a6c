package io.github.mcpgrpc;

import io.github.mcpgrpc.v1.ClientItem;
import io.github.mcpgrpc.v1.McpServiceGrpc.McpServiceImplBase;
import io.github.mcpgrpc.v1.ServerItem;
import io.github.mcpgrpc.v1.SessionRequest;
import io.github.mcpgrpc.v1.SessionResponse;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A server on loopback that does on a Session what a test says, for what no server in good order
 * does at a test's word.
 */
final class ScriptedServer implements AutoCloseable {
  private static final long SECONDS = 30;

  private final BlockingQueue<ClientItem> received = new LinkedBlockingQueue<>();
  private final BlockingQueue<StreamObserver<SessionResponse>> streams =
      new LinkedBlockingQueue<>();
  private final CountDownLatch emptyFrames = new CountDownLatch(2);
  private final Server server;

  ScriptedServer() {
    server = start(new Scripted());
  }

  /** Starts any service on a free port of the loopback. */
  static Server start(BindableService service) {
    try {
      return NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
          .addService(service)
          .build()
          .start();
    } catch (IOException refused) {
      throw new UncheckedIOException(refused);
    }
  }

  String address() {
    return "127.0.0.1:" + server.getPort();
  }

  /** The next stream that a client opens. */
  StreamObserver<SessionResponse> stream() throws InterruptedException {
    return streams.poll(SECONDS, TimeUnit.SECONDS);
  }

  /** The next item that a client sends. */
  ClientItem next() throws InterruptedException {
    return received.poll(SECONDS, TimeUnit.SECONDS);
  }

  /** Whether two frames without items have come. */
  boolean isKeptAlive() throws InterruptedException {
    return emptyFrames.await(SECONDS, TimeUnit.SECONDS);
  }

  /** How many items have come that nobody has taken. */
  int waiting() {
    return received.size();
  }

  static SessionResponse frame(ServerItem.Builder... items) {
    SessionResponse.Builder frame = SessionResponse.newBuilder();
    for (ServerItem.Builder item : items) {
      frame.addItems(item);
    }
    return frame.build();
  }

  static ServerItem.Builder settings(int window) {
    ServerItem.Builder item = ServerItem.newBuilder();
    item.getSettingsBuilder().setMaxInFlight(window);
    return item;
  }

  static ServerItem.Builder answer(long id, String resultJson) {
    ServerItem.Builder item = ServerItem.newBuilder();
    item.getEnvelopeBuilder()
        .getResponseBuilder()
        .setResultJson(resultJson)
        .getIdBuilder()
        .setInteger(id);
    return item;
  }

  @Override
  public void close() {
    server.shutdownNow();
  }

  private final class Scripted extends McpServiceImplBase {
    @Override
    public StreamObserver<SessionRequest> session(StreamObserver<SessionResponse> stream) {
      streams.add(stream);
      return new StreamObserver<>() {
        @Override
        public void onNext(SessionRequest frame) {
          received.addAll(frame.getItemsList());
          if (frame.getItemsCount() == 0) {
            emptyFrames.countDown();
          }
        }

        @Override
        public void onError(Throwable cancelled) {}

        @Override
        public void onCompleted() {
          stream.onCompleted();
        }
      };
    }
  }
}
