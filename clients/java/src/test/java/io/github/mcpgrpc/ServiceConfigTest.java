package io.github.mcpgrpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.mcpgrpc.v1.CallToolRequest;
import io.github.mcpgrpc.v1.CallToolResponse;
import io.github.mcpgrpc.v1.ListToolsRequest;
import io.github.mcpgrpc.v1.ListToolsResponse;
import io.github.mcpgrpc.v1.ToolsServiceGrpc.ToolsServiceImplBase;
import io.github.mcpgrpc.v1.WatchToolRequest;
import io.github.mcpgrpc.v1.WatchToolResponse;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What gRPC retries by itself under the service config: reads, and never a tool. */
class ServiceConfigTest {
  private final FailsFirst service = new FailsFirst();
  private final Server server = ScriptedServer.start(service);
  private final McpClient client = McpClient.connect("127.0.0.1:" + server.getPort());

  @AfterEach
  void close() {
    client.close();
    server.shutdownNow();
  }

  @Test
  void aReadIsSentAgainWhenTheServerIsUnavailable() {
    assertTrue(client.tools().listTools(ListToolsRequest.getDefaultInstance()).hasComplete());
    assertEquals(2, service.asked.get());
  }

  @Test
  void aToolIsNeverCalledAgain() {
    McpException failure = Live.failure(() -> client.tools().callTool(Live.calling("add", "{}")));
    assertEquals(Status.Code.UNAVAILABLE, failure.status());
    assertEquals(1, service.asked.get());
  }

  @Test
  void aToolIsNeverWatchedAgain() {
    McpException failure =
        Live.failure(() -> client.tools().watchTool(WatchToolRequest.getDefaultInstance()).next());
    assertEquals(Status.Code.UNAVAILABLE, failure.status());
    assertEquals(1, service.asked.get());
  }

  /** Unavailable the first time, whatever it is asked. */
  private static final class FailsFirst extends ToolsServiceImplBase {
    final AtomicInteger asked = new AtomicInteger();

    @Override
    public void listTools(ListToolsRequest request, StreamObserver<ListToolsResponse> answer) {
      ListToolsResponse.Builder page = ListToolsResponse.newBuilder();
      page.getCompleteBuilder();
      answer(answer, page.build());
    }

    @Override
    public void callTool(CallToolRequest request, StreamObserver<CallToolResponse> answer) {
      answer(answer, CallToolResponse.getDefaultInstance());
    }

    @Override
    public void watchTool(WatchToolRequest request, StreamObserver<WatchToolResponse> answer) {
      answer(answer, WatchToolResponse.getDefaultInstance());
    }

    private <T> void answer(StreamObserver<T> answer, T message) {
      if (asked.incrementAndGet() == 1) {
        answer.onError(Status.UNAVAILABLE.asRuntimeException());
      } else {
        answer.onNext(message);
        answer.onCompleted();
      }
    }
  }
}
