package io.github.mcpgrpc.examples;

import io.github.mcpgrpc.McpClient;
import io.github.mcpgrpc.McpException;
import io.github.mcpgrpc.Pages;
import io.github.mcpgrpc.Session;
import io.github.mcpgrpc.v1.CallToolRequest;
import io.github.mcpgrpc.v1.CallToolResult;
import io.grpc.StatusRuntimeException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Lists and calls the tools of a server that has {@code add}, with typed stubs and on a Session.
 *
 * <p>It is no part of the library. Run it with {@code mvn -q test-compile exec:java
 * -Dexec.args=127.0.0.1:50051}.
 */
public final class Tour {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private Tour() {}

  /** Takes the address of the server. */
  public static void main(String... arguments) {
    try (McpClient client = McpClient.connect(arguments[0])) {
      show(client, System.out);
    }
  }

  /** Shows what a server can do. */
  public static void show(McpClient client, PrintStream out) {
    out.println("tools: " + Pages.tools(client.tools()).count());
    out.println("1 + 2 = " + add(client, "{\"a\":1,\"b\":2}"));
    try {
      add(client, "[]");
    } catch (StatusRuntimeException failed) {
      McpException failure = McpException.from(failed);
      out.println(failure.status() + ", " + failure.reason());
    }
    try (Session session = client.openSession(notification -> {})) {
      List<CompletableFuture<String>> answers = new ArrayList<>();
      for (int number = 0; number < 3; number++) {
        answers.add(session.request("tools/call", addTo(number), TIMEOUT));
      }
      out.println("on one stream: " + answers.stream().filter(Tour::isAnswered).count());
    }
  }

  private static String add(McpClient client, String argumentsJson) {
    CallToolRequest request =
        CallToolRequest.newBuilder().setName("add").setArgumentsJson(argumentsJson).build();
    CallToolResult result =
        client
            .tools()
            .withDeadlineAfter(TIMEOUT.toSeconds(), TimeUnit.SECONDS)
            .callTool(request)
            .getComplete();
    return result.getContent(0).getText().getText();
  }

  // On a Session params are MCP's own, so the request says its version and who sends it.
  private static String addTo(int number) {
    return """
        {"name": "add", "arguments": {"a": %d, "b": 1}, "_meta": {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientInfo": {"name": "tour", "version": "1.0"},
          "io.modelcontextprotocol/clientCapabilities": {}}}"""
        .formatted(number);
  }

  private static boolean isAnswered(CompletableFuture<String> answer) {
    return answer.join().contains("content");
  }
}
