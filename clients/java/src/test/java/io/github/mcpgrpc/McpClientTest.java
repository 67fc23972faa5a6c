package io.github.mcpgrpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.mcpgrpc.v1.ListToolsRequest;
import io.github.mcpgrpc.v1.ListToolsResponse;
import io.github.mcpgrpc.v1.Tool;
import io.github.mcpgrpc.v1.ToolsServiceGrpc.ToolsServiceImplBase;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.File;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Iterator;
import org.junit.jupiter.api.Test;

/** The front: credentials, defaults, pages; with small servers on loopback. */
class McpClientTest {
  @Test
  void credentialsDoNotTravelInPlaintextToAnotherMachine() {
    for (String target : new String[] {"example.com:50051", "dns:///10.0.0.1:50051"}) {
      McpClient.Builder builder = McpClient.builder(target).bearerToken(() -> "secret");
      IllegalArgumentException refused =
          assertThrows(IllegalArgumentException.class, builder::build);
      assertFalse(refused.getMessage().contains("secret"));
      builder.allowPlaintextCredentials().build().close();
    }
    McpClient.builder("127.0.0.1:1").apiKey("secret").build().close();
    McpClient.builder("dns:///localhost:1").apiKey("secret").build().close();
  }

  @Test
  void aFileOfRootsThatCannotBeReadIsNamed() {
    McpClient.Builder builder = McpClient.builder("localhost:1").tls(new File("nowhere.pem"));
    UncheckedIOException refused = assertThrows(UncheckedIOException.class, builder::build);
    assertTrue(refused.getMessage().contains("nowhere.pem"));
  }

  @Test
  void theTokenIsAskedForAgainForEveryRpc() {
    Seen seen = new Seen();
    Iterator<String> tokens = java.util.List.of("first", "second").iterator();
    serve(
        seen,
        new Endless(1),
        builder -> builder.bearerToken(tokens::next),
        client -> {
          client.tools().listTools(ListToolsRequest.getDefaultInstance());
          assertEquals("Bearer first", seen.authorization());
          client.tools().listTools(ListToolsRequest.getDefaultInstance());
          assertEquals("Bearer second", seen.authorization());
        });
  }

  @Test
  void aCallWithoutADeadlineIsGivenTheDefaultOne() {
    serve(
        new Seen(),
        new Silent(),
        builder -> builder.defaultDeadline(Duration.ofMillis(200)),
        client -> {
          McpException failure =
              Live.failure(() -> client.tools().listTools(ListToolsRequest.getDefaultInstance()));
          assertEquals(Status.Code.DEADLINE_EXCEEDED, failure.status());
        });
  }

  @Test
  void aListingThatNeverEndsIsGivenUp() {
    serve(
        new Seen(),
        new Endless(Integer.MAX_VALUE),
        builder -> builder,
        client ->
            assertThrows(IllegalStateException.class, () -> Pages.tools(client.tools()).count()));
  }

  @Test
  void aListingIsEndedByThePageWithoutACursor() {
    serve(
        new Seen(),
        new Endless(3),
        builder -> builder,
        client -> assertEquals(3, Pages.tools(client.tools()).count()));
  }

  @Test
  void anAnswerThatIsNoPageIsNoEmptyList() {
    serve(
        new Seen(),
        new Other(),
        builder -> builder,
        client -> {
          IllegalStateException failure =
              assertThrows(IllegalStateException.class, () -> Pages.tools(client.tools()).toList());
          assertTrue(failure.getMessage().contains("com.example/task"));
        });
  }

  private static void serve(
      Seen seen,
      ToolsServiceImplBase service,
      java.util.function.UnaryOperator<McpClient.Builder> options,
      java.util.function.Consumer<McpClient> test) {
    Server server = ScriptedServer.start(() -> ServerInterceptors.intercept(service, seen));
    String address = "127.0.0.1:" + server.getPort();
    try (McpClient client = options.apply(McpClient.builder(address)).build()) {
      test.accept(client);
    } finally {
      server.shutdownNow();
    }
  }

  /** Pages of one tool, so many of them. */
  private static final class Endless extends ToolsServiceImplBase {
    private final int pages;
    private int given;

    Endless(int pages) {
      this.pages = pages;
    }

    @Override
    public synchronized void listTools(
        ListToolsRequest request, StreamObserver<ListToolsResponse> answer) {
      ListToolsResponse.Builder page = ListToolsResponse.newBuilder();
      page.getCompleteBuilder().addTools(Tool.newBuilder().setName("tool"));
      if (++given < pages) {
        page.getCompleteBuilder().setNextCursor("next");
      }
      answer.onNext(page.build());
      answer.onCompleted();
    }
  }

  /** Answers with a result of an extension. */
  private static final class Other extends ToolsServiceImplBase {
    @Override
    public void listTools(ListToolsRequest request, StreamObserver<ListToolsResponse> answer) {
      ListToolsResponse.Builder other = ListToolsResponse.newBuilder();
      other.getOtherBuilder().setResultType("com.example/task").setResultJson("{}");
      answer.onNext(other.build());
      answer.onCompleted();
    }
  }

  /** Never answers. */
  private static final class Silent extends ToolsServiceImplBase {
    @Override
    public void listTools(ListToolsRequest request, StreamObserver<ListToolsResponse> answer) {}
  }
}
