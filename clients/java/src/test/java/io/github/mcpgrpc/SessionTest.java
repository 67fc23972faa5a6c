package io.github.mcpgrpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.mcpgrpc.v1.Envelope;
import io.github.mcpgrpc.v1.McpServiceGrpc;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Sessions against the live server. */
class SessionTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(50);
  private static final int CALLS = 200;

  private final McpClient client = Live.client();
  private final BlockingQueue<Envelope> notifications = new LinkedBlockingQueue<>();

  @AfterEach
  void close() {
    client.close();
  }

  @Test
  void twoHundredCallsAtOnceEachGetTheirOwnAnswerInSharedFrames() throws Exception {
    FrameSizes sizes = new FrameSizes();
    Channel counted = ClientInterceptors.intercept(client.channel(), sizes);
    try (Session session =
        Session.open(McpServiceGrpc.newStub(counted), TIMEOUT, TIMEOUT, notifications::add)) {
      CountDownLatch allWait = new CountDownLatch(1);
      session.wire.run(() -> awaitQuietly(allWait));
      List<CompletableFuture<String>> answers = new ArrayList<>();
      for (int call = 0; call < CALLS; call++) {
        answers.add(call(session, "echo", "{\"value\":" + call + "}"));
      }
      allWait.countDown();
      for (int call = 0; call < CALLS; call++) {
        String text = Live.object(answers.get(call).get()).getAsJsonArray("content").toString();
        assertTrue(text.contains("\"" + call + "\""), text);
      }
    }
    assertEquals(32, sizes.largestSent());
    assertTrue(sizes.largestReceived() > 1);
  }

  @Test
  void theWindowOfTheServerIsKept() throws Exception {
    String address = Live.openServer(client, "{\"window\":4}");
    try (McpClient other = McpClient.connect(address);
        Session session = other.openSession(notifications::add)) {
      List<CompletableFuture<String>> held = new ArrayList<>();
      for (int call = 0; call < 4; call++) {
        held.add(call(session, "wait", Live.keyed(Live.key())));
        awaitProgress();
      }
      List<CompletableFuture<String>> further = new ArrayList<>();
      for (int call = 0; call < 40; call++) {
        further.add(call(session, "add", "{\"a\":" + call + ",\"b\":0}"));
      }
      assertTrue(further.stream().noneMatch(CompletableFuture::isDone));
      held.get(0).cancel(true);
      for (CompletableFuture<String> answer : further) {
        assertTrue(answer.get().contains("structuredContent"));
      }
      held.forEach(answer -> answer.cancel(true));
    } finally {
      Live.closeServer(client, address);
    }
  }

  @Test
  void aFutureThatIsCancelledCancelsTheToolAtTheServer() throws Exception {
    String key = Live.key();
    try (Session session = client.openSession(notifications::add)) {
      CompletableFuture<String> answer = call(session, "wait", Live.keyed(key));
      awaitProgress();
      answer.cancel(true);
      assertEquals(1, Live.cancelled(client, key));
      assertTrue(call(session, "add", "{\"a\":1,\"b\":2}").get().contains("3"));
    }
  }

  @Test
  void aTimeoutIsTheServersAnswerAndCancelsTheTool() {
    String key = Live.key();
    try (Session session = client.openSession(notifications::add)) {
      String params = Live.params("wait", Live.keyed(key));
      McpException failure = failure(session.request("tools/call", params, Duration.ofSeconds(3)));
      assertEquals(Status.Code.DEADLINE_EXCEEDED, failure.status());
      assertEquals("TIMEOUT", failure.reason());
      assertEquals(McpException.SERVICE_DOMAIN, failure.domain());
      assertFalse(failure.isNotStarted());
      assertEquals(1, Live.cancelled(client, key));
    }
  }

  @Test
  void aSessionThatDrainsFinishesWhatRunsAndTakesNothingFurther() throws Exception {
    String key = Live.key();
    String address = Live.openServer(client, "{}");
    try (McpClient other = McpClient.connect(address);
        Session session = other.openSession(notifications::add);
        Session elsewhere = client.openSession(notifications::add)) {
      CompletableFuture<String> running = call(session, "settled", Live.keyed(key));
      CompletableFuture<String> subscription = listen(session);
      assertEquals("notifications/subscriptions/acknowledged", nextNotification());
      Live.drainServer(client, address);
      subscription.get();
      assertFalse(session.acceptsRequests());
      McpException late = failure(call(session, "add", "{\"a\":1,\"b\":2}"));
      assertEquals("DRAINING", late.reason());
      assertTrue(late.isNotStarted());
      McpException typed =
          Live.failure(() -> other.tools().callTool(Live.calling("add", "{\"a\":1,\"b\":2}")));
      assertEquals(Status.Code.UNAVAILABLE, typed.status());
      assertEquals("DRAINING", typed.reason());
      assertTrue(typed.isNotStarted());
      assertFalse(running.isDone());
      notifications.clear();
      CompletableFuture<String> held = call(elsewhere, "wait", Live.keyed(key));
      awaitProgress();
      held.cancel(true);
      assertTrue(running.get().contains("settled"));
    } finally {
      Live.closeServer(client, address);
    }
  }

  @Test
  void aSubscriptionBringsChangesUntilItIsCancelled() throws Exception {
    try (Session session = client.openSession(notifications::add)) {
      CompletableFuture<String> subscription = listen(session);
      assertEquals("notifications/subscriptions/acknowledged", nextNotification());
      call(session, "change", "{}").get();
      assertEquals("notifications/tools/list_changed", nextNotification());
      assertEquals("notifications/resources/updated", nextNotification());
      subscription.cancel(true);
      assertTrue(call(session, "add", "{\"a\":1,\"b\":2}").get().contains("3"));
    }
  }

  @Test
  void progressComesBeforeTheAnswer() throws Exception {
    try (Session session = client.openSession(notifications::add)) {
      call(session, "steps", "{\"total\":3}").get();
      assertEquals(
          3,
          notifications.stream()
              .filter(each -> each.getNotification().getMethod().equals("notifications/progress"))
              .count());
    }
  }

  @Test
  void aLargeAnswerArrivesInPiecesAndIsWhole() throws Exception {
    try (Session session = client.openSession(notifications::add)) {
      int characters = 3_000_000;
      String answer = call(session, "large", "{\"bytes\":" + characters + "}").get();
      String text =
          Live.object(answer)
              .getAsJsonArray("content")
              .get(0)
              .getAsJsonObject()
              .get("text")
              .getAsString();
      assertEquals("x".repeat(characters), text);
    }
  }

  @Test
  void aRequestThatTheServerIsTooSmallForIsNotSent() {
    String address = Live.openServer(client, "{\"max_message_bytes\":65536}");
    try (McpClient other = McpClient.connect(address);
        Session session = other.openSession(notifications::add)) {
      McpException failure =
          failure(call(session, "echo", "{\"value\":\"" + "x".repeat(100_000) + "\"}"));
      assertEquals(Status.Code.RESOURCE_EXHAUSTED, failure.status());
      assertEquals("MESSAGE_TOO_LARGE", failure.reason());
      assertTrue(failure.isNotStarted());
    } finally {
      Live.closeServer(client, address);
    }
  }

  @Test
  void framesStayBelowWhatTheServerTakes() throws Exception {
    String address = Live.openServer(client, "{\"max_message_bytes\":16384}");
    try (McpClient other = McpClient.connect(address);
        Session session = other.openSession(notifications::add)) {
      CountDownLatch allWait = new CountDownLatch(1);
      session.wire.run(() -> awaitQuietly(allWait));
      List<CompletableFuture<String>> answers = new ArrayList<>();
      for (int call = 0; call < 20; call++) {
        answers.add(call(session, "echo", "{\"value\":\"" + "x".repeat(3_000) + "\"}"));
      }
      allWait.countDown();
      for (CompletableFuture<String> answer : answers) {
        assertTrue(answer.get().contains("xxx"));
      }
    } finally {
      Live.closeServer(client, address);
    }
  }

  @Test
  void whatFollowsOnAnAnswerMayWaitForAnotherOne() throws Exception {
    try (Session session = client.openSession(notifications::add)) {
      CompletableFuture<String> second =
          call(session, "add", "{\"a\":1,\"b\":2}")
              .thenApply(first -> call(session, "add", "{\"a\":3,\"b\":4}").join());
      assertTrue(second.get().contains("7"));
    }
  }

  @Test
  void anErrorOfTheApplicationKeepsItsCodeAndData() {
    try (Session session = client.openSession(notifications::add)) {
      String arguments = "{\"code\":-32602,\"message\":\"no\",\"data\":[9007199254740993]}";
      McpException failure = failure(call(session, "refuse", arguments));
      assertEquals(Status.Code.INVALID_ARGUMENT, failure.status());
      assertEquals(McpException.MCP_DOMAIN, failure.domain());
      assertEquals(-32602, failure.errorCode().getAsLong());
      assertEquals("[9007199254740993]", failure.dataJson().orElseThrow());
    }
  }

  @Test
  void theLegacyHandshakeAndItsRequestsWork() throws Exception {
    try (Session session = client.openSession(notifications::add)) {
      String hello =
          "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},"
              + "\"clientInfo\":{\"name\":\"java\",\"version\":\"0\"}}";
      assertTrue(session.request("initialize", hello, TIMEOUT).get().contains("2025-11-25"));
      session.notify("notifications/initialized", null).get();
      assertEquals("{}", session.request("ping", null, TIMEOUT).get());
    }
  }

  @Test
  void aSessionThatIsClosedTakesNothingFurther() {
    Session session = client.openSession(notifications::add);
    session.close();
    McpException failure = failure(call(session, "add", "{\"a\":1,\"b\":2}"));
    assertEquals(Status.Code.UNAVAILABLE, failure.status());
    assertTrue(failure.isNotStarted());
  }

  @Test
  void whatIsUnderWayFinishesWhenASessionIsClosed() throws Exception {
    Session session = client.openSession(notifications::add);
    CompletableFuture<String> answer = call(session, "add", "{\"a\":1,\"b\":2}");
    session.close();
    assertTrue(answer.get().contains("3"));
  }

  private static CompletableFuture<String> call(Session session, String tool, String arguments) {
    return session.request("tools/call", Live.params(tool, arguments), TIMEOUT);
  }

  private static CompletableFuture<String> listen(Session session) {
    return session.listen(
        Live.params(
            "\"notifications\":{\"toolsListChanged\":true,"
                + "\"resourceSubscriptions\":[\"file:///example.txt\"]}"));
  }

  private String nextNotification() throws InterruptedException {
    Envelope next = notifications.poll(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    return next == null ? "none" : next.getNotification().getMethod();
  }

  private void awaitProgress() throws InterruptedException {
    assertEquals("notifications/progress", nextNotification());
  }

  private static McpException failure(CompletableFuture<?> answer) {
    ExecutionException failed = assertThrows(ExecutionException.class, answer::get);
    return McpException.from(failed.getCause());
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
