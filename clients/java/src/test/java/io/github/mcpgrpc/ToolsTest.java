package io.github.mcpgrpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.mcpgrpc.v1.CallToolRequest;
import io.github.mcpgrpc.v1.CallToolResponse;
import io.github.mcpgrpc.v1.CallToolResult;
import io.github.mcpgrpc.v1.ContentBlock;
import io.github.mcpgrpc.v1.LoggingLevel;
import io.github.mcpgrpc.v1.ResourceLink;
import io.github.mcpgrpc.v1.Role;
import io.github.mcpgrpc.v1.WatchToolRequest;
import io.github.mcpgrpc.v1.WatchToolResponse;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

/** Tools that are called and watched with typed stubs, against the live server. */
class ToolsTest {
  private static final long STEPS = 2_000;

  private final McpClient client = Live.client();

  @AfterEach
  void close() {
    client.close();
  }

  @Test
  void aToolIsCalledWithADeadline() {
    CallToolResponse response =
        client
            .tools()
            .withDeadlineAfter(30, TimeUnit.SECONDS)
            .callTool(Live.calling("add", "{\"a\":1,\"b\":2}"));
    assertEquals("3", Live.text(response.getComplete()));
    assertEquals(3, Live.structured(response.getComplete()).get("result").getAsInt());
  }

  @Test
  void aDeadlineThatPassesCancelsTheToolAtTheServer() {
    String key = Live.key();
    // The connection stands before the time begins.
    Live.call(client, "add", "{\"a\":1,\"b\":2}");
    McpException failure =
        Live.failure(
            () ->
                client
                    .tools()
                    .withDeadlineAfter(3, TimeUnit.SECONDS)
                    .callTool(Live.calling("wait", Live.keyed(key))));
    assertEquals(Status.Code.DEADLINE_EXCEEDED, failure.status());
    assertFalse(failure.isNotStarted());
    assertEquals(1, Live.cancelled(client, key));
  }

  @Test
  void aDeadlineOfZeroFailsBeforeAnythingIsSent() {
    McpException failure =
        Live.failure(
            () ->
                client
                    .tools()
                    .withDeadlineAfter(0, TimeUnit.SECONDS)
                    .callTool(Live.calling("add", "{\"a\":1,\"b\":2}")));
    assertEquals(Status.Code.DEADLINE_EXCEEDED, failure.status());
  }

  @Test
  void aCallThatIsCancelledIsCancelledAtTheServer() {
    String key = Live.key();
    Context.CancellableContext context = Context.current().withCancellation();
    context.run(
        () -> {
          Iterator<WatchToolResponse> events = watch(Live.calling("wait", Live.keyed(key)));
          assertTrue(events.next().hasProgress());
          context.cancel(null);
          StatusRuntimeException ended =
              Assertions.assertThrows(StatusRuntimeException.class, events::next);
          assertEquals(Status.Code.CANCELLED, McpException.from(ended).status());
        });
    assertEquals(1, Live.cancelled(client, key));
  }

  @Test
  void integersBeyondDoublesSurvive() {
    CallToolResult result = Live.call(client, "echo", "{\"value\":9007199254740993}");
    assertEquals("9007199254740993", Live.text(result));
    assertTrue(result.getStructuredContentJson().contains("9007199254740993"));
  }

  @Test
  void noFieldOfAContentBlockIsDropped() {
    CallToolResult result = Live.call(client, "contents", "{}");
    List<ContentBlock> blocks = result.getContentList();
    assertEquals(6, blocks.size());
    assertTrue(blocks.get(0).getText().getAnnotations().getAudienceList().contains(Role.ROLE_USER));
    assertTrue(blocks.get(0).getText().hasMetaJson());
    assertTrue(blocks.get(1).getImage().getData().startsWith(png()));
    assertFalse(blocks.get(2).getAudio().getData().isEmpty());
    assertTrue(blocks.get(2).getAudio().hasMetaJson());
    ResourceLink link = blocks.get(3).getResourceLink();
    assertTrue(link.hasTitle() && link.hasDescription() && link.hasSize(), link::toString);
    assertEquals(1, link.getIconsCount());
    assertTrue(blocks.get(4).getResource().getResource().hasText());
    assertTrue(blocks.get(5).getResource().getResource().hasBlob());
    assertEquals(6, Live.object(result.getMetaJson()).get("com.example/blocks").getAsInt());
  }

  @Test
  void aToolThatFailsIsAResultAndNoException() {
    CallToolResult result = Live.call(client, "fail", "{\"message\":\"no paper\"}");
    assertTrue(result.getIsError());
    assertEquals("no paper", Live.text(result));
  }

  @Test
  void progressAndLogMessagesComeBeforeTheResult() {
    CallToolRequest.Builder call = Live.calling("steps", "{\"total\":3}").toBuilder();
    call.getContextBuilder().setLogLevel(LoggingLevel.LOGGING_LEVEL_DEBUG);
    List<String> seen = new ArrayList<>();
    watch(call.build()).forEachRemaining(event -> seen.add(said(event)));
    assertEquals(
        List.of("1.0", "\"step 1\"", "2.0", "\"step 2\"", "3.0", "\"step 3\"", "done"), seen);
  }

  @Test
  void aClientThatStopsReadingHoldsUpNobodyAndLosesNothing() {
    Iterator<WatchToolResponse> events = watch(Live.calling("steps", "{\"total\":" + STEPS + "}"));
    assertEquals(1.0, events.next().getProgress().getProgress());
    assertEquals("3", Live.text(Live.call(client, "add", "{\"a\":1,\"b\":2}")));
    for (long step = 2; step <= STEPS; step++) {
      assertEquals(step, events.next().getProgress().getProgress());
    }
    assertEquals("done", Live.text(events.next().getResult().getComplete()));
    assertFalse(events.hasNext());
  }

  @Test
  void inputThatIsRequiredIsAskedForAndGivenInASecondCall() {
    CallToolRequest.Builder call = Live.calling("confirm", "{\"question\":\"Sure?\"}").toBuilder();
    call.getContextBuilder().setClientCapabilitiesJson("{\"elicitation\":{}}");
    CallToolResponse asked = client.tools().callTool(call.build());
    assertTrue(asked.hasInputRequired(), asked::toString);
    assertEquals(
        "elicitation/create",
        asked.getInputRequired().getInputRequestsOrThrow("answer").getMethod());
    call.getRetryBuilder()
        .setRequestState(asked.getInputRequired().getRequestState())
        .putInputResponsesJson(
            "answer", "{\"action\":\"accept\",\"content\":{\"answer\":\"yes\"}}");
    CallToolResult result = client.tools().callTool(call.build()).getComplete();
    assertEquals("accept {\"answer\":\"yes\"}", Live.text(result));
  }

  private Iterator<WatchToolResponse> watch(CallToolRequest call) {
    return client.tools().watchTool(WatchToolRequest.newBuilder().setCall(call).build());
  }

  private static String said(WatchToolResponse event) {
    return switch (event.getEventCase()) {
      case PROGRESS -> String.valueOf(event.getProgress().getProgress());
      case LOG -> event.getLog().getDataJson();
      case RESULT -> Live.text(event.getResult().getComplete());
      default -> event.toString();
    };
  }

  private static com.google.protobuf.ByteString png() {
    return com.google.protobuf.ByteString.copyFrom(new byte[] {(byte) 0x89, 'P', 'N', 'G'});
  }
}
