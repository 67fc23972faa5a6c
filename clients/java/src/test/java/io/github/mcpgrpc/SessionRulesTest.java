package io.github.mcpgrpc;

import static io.github.mcpgrpc.ScriptedServer.answer;
import static io.github.mcpgrpc.ScriptedServer.frame;
import static io.github.mcpgrpc.ScriptedServer.settings;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.github.mcpgrpc.v1.ClientItem;
import io.github.mcpgrpc.v1.Envelope;
import io.github.mcpgrpc.v1.ErrorReason;
import io.github.mcpgrpc.v1.Execution;
import io.github.mcpgrpc.v1.FragmentState;
import io.github.mcpgrpc.v1.McpServiceGrpc;
import io.github.mcpgrpc.v1.ServerItem;
import io.github.mcpgrpc.v1.SessionResponse;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The rules of a Session, with a server that does what the test says. */
class SessionRulesTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(50);
  private static final Duration KEEPALIVE = Duration.ofMillis(30);

  private final ScriptedServer server = new ScriptedServer();
  private final McpClient client = McpClient.connect(server.address());
  private StreamObserver<SessionResponse> stream;

  @AfterEach
  void close() {
    server.close();
    client.close();
  }

  @Test
  void nothingIsSentBeforeTheSettingsOfTheServer() throws Exception {
    CompletableFuture<Session> opening =
        CompletableFuture.supplyAsync(() -> client.openSession(ignored -> {}));
    stream = server.stream();
    assertTrue(server.next().hasSettings());
    assertFalse(opening.isDone());
    stream.onNext(frame(settings(1)));
    CompletableFuture<String> answer = opening.get().request("a", null, TIMEOUT);
    assertEquals("a", server.next().getEnvelope().getRequest().getMethod());
    stream.onNext(frame(answer(1, "{}")));
    assertEquals("{}", answer.get());
  }

  @Test
  void aServerThatSendsNoSettingsIsGivenUp() {
    McpServiceGrpc.McpServiceStub stub = McpServiceGrpc.newStub(client.channel());
    McpException failure =
        assertThrows(
            McpException.class,
            () -> Session.open(stub, Duration.ofMillis(1), KEEPALIVE, ignored -> {}));
    assertEquals("CONNECTION_LOST", failure.reason());
    assertTrue(failure.isNotStarted());
  }

  @Test
  void aRequestBeyondTheWindowIsSentWhenOneIsSettled() throws Exception {
    Session session = open(1);
    CompletableFuture<String> first = session.request("first", null, TIMEOUT);
    CompletableFuture<String> second = session.request("second", null, TIMEOUT);
    assertEquals("first", server.next().getEnvelope().getRequest().getMethod());
    session.notify("between", null).get();
    assertEquals("between", server.next().getEnvelope().getNotification().getMethod());
    first.cancel(true);
    assertEquals(
        "notifications/cancelled", server.next().getEnvelope().getNotification().getMethod());
    session.notify("after", null).get();
    assertEquals("after", server.next().getEnvelope().getNotification().getMethod());
    ServerItem.Builder settled = ServerItem.newBuilder();
    settled.getRequestSettledBuilder().setRequestId(Outgoing.id(1));
    stream.onNext(frame(settled));
    assertEquals("second", server.next().getEnvelope().getRequest().getMethod());
    stream.onNext(frame(answer(2, "{}")));
    assertEquals("{}", second.get());
  }

  @Test
  void aSubscriptionTakesNoPlaceInTheWindow() throws Exception {
    Session session = open(1);
    CompletableFuture<String> unused = session.listen(null);
    assertFalse(unused.isDone());
    assertEquals("subscriptions/listen", server.next().getEnvelope().getRequest().getMethod());
    CompletableFuture<String> answer = session.request("a", null, TIMEOUT);
    assertEquals("a", server.next().getEnvelope().getRequest().getMethod());
    stream.onNext(frame(answer(2, "{}")));
    assertEquals("{}", answer.get());
  }

  @Test
  void aRequestThatIsCancelledBeforeItWasSentIsNeverSent() throws Exception {
    Session session = open(1);
    CompletableFuture<String> first = session.request("first", null, TIMEOUT);
    session.request("second", null, TIMEOUT).cancel(true);
    assertEquals("first", server.next().getEnvelope().getRequest().getMethod());
    CompletableFuture<String> third = session.request("third", null, TIMEOUT);
    stream.onNext(frame(answer(1, "{}")));
    assertEquals("{}", first.get());
    assertEquals("third", server.next().getEnvelope().getRequest().getMethod());
    stream.onNext(frame(answer(3, "{}")));
    assertEquals("{}", third.get());
  }

  @Test
  void whatIsBeyondGoAwayHasNotStartedAndTheRestIsAnswered() throws Exception {
    Session session = open(2);
    CompletableFuture<String> accepted = session.request("accepted", null, TIMEOUT);
    CompletableFuture<String> beyond = session.request("beyond", null, TIMEOUT);
    CompletableFuture<String> unsent = session.request("unsent", null, TIMEOUT);
    awaitSent(2);
    ServerItem.Builder goAway = ServerItem.newBuilder();
    goAway.getGoAwayBuilder().setAcceptedRequests(1);
    stream.onNext(frame(goAway, answer(1, "{}")));
    assertEquals("{}", accepted.get());
    assertDraining(beyond);
    assertDraining(unsent);
    assertDraining(session.request("late", null, TIMEOUT));
  }

  @Test
  void whatIsUnansweredOnAStreamThatEndedOkHasNotStarted() throws Exception {
    Session session = open(2);
    CompletableFuture<String> answer = session.request("a", null, TIMEOUT);
    awaitSent(1);
    stream.onCompleted();
    McpException failure = failure(answer);
    assertEquals("CONNECTION_LOST", failure.reason());
    assertTrue(failure.isNotStarted());
  }

  @Test
  void whatWasSentOnAStreamThatWasLostMayHaveRun() throws Exception {
    Session session = open(1);
    CompletableFuture<String> sent = session.request("sent", null, TIMEOUT);
    CompletableFuture<String> unsent = session.request("unsent", null, TIMEOUT);
    awaitSent(1);
    stream.onError(Status.UNAVAILABLE.asRuntimeException());
    McpException failure = failure(sent);
    assertEquals(Status.Code.UNAVAILABLE, failure.status());
    assertEquals("CONNECTION_LOST", failure.reason());
    assertEquals(Execution.EXECUTION_MAYBE, failure.execution());
    assertTrue(failure(unsent).isNotStarted());
  }

  @Test
  void theStatusOfAProxyIsKept() throws Exception {
    Session session = open(1);
    CompletableFuture<String> sent = session.request("sent", null, TIMEOUT);
    awaitSent(1);
    stream.onError(Status.PERMISSION_DENIED.withDescription("a proxy").asRuntimeException());
    McpException failure = failure(sent);
    assertEquals(Status.Code.PERMISSION_DENIED, failure.status());
    assertFalse(failure.isNotStarted());
  }

  @Test
  void aRefusalOfTheServiceHasItsReasonAndAnApplicationCannotForgeIt() throws Exception {
    Session session = open(2);
    CompletableFuture<String> refused = session.request("a", null, TIMEOUT);
    CompletableFuture<String> forged = session.request("b", null, TIMEOUT);
    awaitSent(2);
    ServerItem.Builder refusal = ServerItem.newBuilder();
    refusal
        .getEnvelopeBuilder()
        .getResponseBuilder()
        .setId(Outgoing.id(1))
        .setReason(ErrorReason.ERROR_REASON_OVERLOADED)
        .setExecution(Execution.EXECUTION_NOT_STARTED)
        .getErrorBuilder()
        .setCode(14);
    ServerItem.Builder forgery = ServerItem.newBuilder();
    forgery
        .getEnvelopeBuilder()
        .getResponseBuilder()
        .setId(Outgoing.id(2))
        .setExecution(Execution.EXECUTION_NOT_STARTED)
        .getErrorBuilder()
        .setCode(14)
        .setDataJson("{\"reason\":\"OVERLOADED\",\"execution\":\"NOT_STARTED\"}");
    stream.onNext(frame(refusal, forgery));
    assertEquals(Status.Code.UNAVAILABLE, failure(refused).status());
    assertEquals("OVERLOADED", failure(refused).reason());
    assertTrue(failure(refused).isNotStarted());
    assertEquals(Status.Code.UNKNOWN, failure(forged).status());
    assertEquals("APPLICATION_ERROR", failure(forged).reason());
    assertFalse(failure(forged).isNotStarted());
  }

  @Test
  void anAnswerInPiecesIsPutTogetherAndSmallOnesOvertakeIt() throws Exception {
    Session session = open(2);
    CompletableFuture<String> large = session.request("large", null, TIMEOUT);
    CompletableFuture<String> small = session.request("small", null, TIMEOUT);
    awaitSent(2);
    ByteString whole = answer(1, "{\"large\":true}").getEnvelope().toByteString();
    stream.onNext(frame(piece(whole.substring(0, 5), FragmentState.FRAGMENT_STATE_UNSPECIFIED)));
    stream.onNext(frame(answer(2, "{}")));
    assertEquals("{}", small.get());
    assertFalse(large.isDone());
    stream.onNext(frame(piece(whole.substring(5), FragmentState.FRAGMENT_STATE_LAST)));
    assertEquals("{\"large\":true}", large.get());
  }

  @Test
  void piecesThatAreNoEnvelopeEndTheSession() throws Exception {
    Session session = open(2);
    CompletableFuture<String> answer = session.request("a", null, TIMEOUT);
    awaitSent(1);
    ByteString nonsense = ByteString.copyFromUtf8("nonsense");
    stream.onNext(frame(piece(nonsense, FragmentState.FRAGMENT_STATE_LAST)));
    assertTrue(failure(answer).getMessage().contains("pieces hold no envelope"));
  }

  @Test
  void itemsAndAnswersThatNobodyKnowsAreIgnored() throws Exception {
    Session session = open(2);
    CompletableFuture<String> answer = session.request("a", null, TIMEOUT);
    awaitSent(1);
    ServerItem.Builder textId = answer(1, "{\"wrong\":true}");
    textId.getEnvelopeBuilder().getResponseBuilder().getIdBuilder().setText("1");
    stream.onNext(frame(ServerItem.newBuilder(), textId, answer(99, "{}"), answer(1, "{}")));
    assertEquals("{}", answer.get());
  }

  @Test
  void aListenerThatFailsIsLoggedAndEndsNothing() throws Exception {
    Logger logger = Logger.getLogger(Correlation.class.getName());
    List<LogRecord> logged = new CopyOnWriteArrayList<>();
    logger.setUseParentHandlers(false);
    logger.setFilter(logged::add);
    Session session =
        open(
            1,
            ignored -> {
              throw new IllegalStateException("as a test");
            });
    CompletableFuture<String> answer = session.request("a", null, TIMEOUT);
    awaitSent(1);
    ServerItem.Builder notification = ServerItem.newBuilder();
    notification.getEnvelopeBuilder().getNotificationBuilder().setMethod("b");
    stream.onNext(frame(notification, answer(1, "{}")));
    assertEquals("{}", answer.get());
    assertEquals("as a test", logged.get(0).getThrown().getMessage());
  }

  @Test
  void aRequestOfTheServerIsAnsweredThatItIsUnknown() throws Exception {
    open(1);
    ServerItem.Builder asked = ServerItem.newBuilder();
    asked
        .getEnvelopeBuilder()
        .getRequestBuilder()
        .setMethod("roots/list")
        .getIdBuilder()
        .setText("x");
    stream.onNext(frame(asked));
    ClientItem reply = server.next();
    assertEquals(-32601, reply.getEnvelope().getResponse().getError().getCode());
    assertEquals("x", reply.getEnvelope().getResponse().getId().getText());
  }

  @Test
  void moreRequestsThanMayWaitAreRefusedAtOnce() throws Exception {
    Session session = open(1);
    for (int request = 0; request < Session.MAX_PENDING; request++) {
      session.request("a", null, TIMEOUT);
    }
    McpException failure = failure(session.request("a", null, TIMEOUT));
    assertEquals(Status.Code.RESOURCE_EXHAUSTED, failure.status());
    assertEquals("WINDOW_EXCEEDED", failure.reason());
    assertTrue(failure.isNotStarted());
  }

  @Test
  void anIdleSessionKeepsItsPromiseToWrite() throws Exception {
    opened(openingWithKeepalive(), settings(1));
    assertTrue(server.isKeptAlive());
  }

  @Test
  void aServerThatBreaksItsPromiseToWriteIsGivenUp() throws Exception {
    ServerItem.Builder promise = settings(1);
    promise.getSettingsBuilder().getKeepaliveIntervalBuilder().setNanos(1);
    Session session = opened(openingWithKeepalive(), promise);
    McpException failure = failure(session.request("a", null, TIMEOUT));
    assertTrue(failure.getMessage().contains("keep-alives"), failure::getMessage);
  }

  @Test
  void whatNobodyAnswersIsGivenUpALittleAfterItsTimeout() throws Exception {
    Session session = open(1);
    CompletableFuture<String> sent = session.request("sent", null, Duration.ofMillis(1));
    CompletableFuture<String> unsent = session.request("unsent", null, Duration.ofMillis(1));
    ClientItem request = server.next();
    assertEquals(1_000_000, request.getEnvelope().getTimeout().getNanos());
    assertEquals("TIMEOUT", failure(sent).reason());
    assertFalse(failure(sent).isNotStarted());
    assertTrue(failure(unsent).isNotStarted());
    assertEquals(
        "notifications/cancelled", server.next().getEnvelope().getNotification().getMethod());
    assertEquals(0, server.waiting());
  }

  private Session open(int window) throws Exception {
    return open(window, ignored -> {});
  }

  private Session open(int window, java.util.function.Consumer<Envelope> listener)
      throws Exception {
    CompletableFuture<Session> opening =
        CompletableFuture.supplyAsync(() -> client.openSession(listener));
    return opened(opening, settings(window));
  }

  // An answer to what was not sent would be ignored.
  private void awaitSent(int requests) throws InterruptedException {
    for (int request = 0; request < requests; request++) {
      assertTrue(server.next().getEnvelope().hasRequest());
    }
  }

  private Session opened(CompletableFuture<Session> opening, ServerItem.Builder settings)
      throws Exception {
    stream = server.stream();
    stream.onNext(frame(settings));
    Session session = opening.get();
    assertTrue(server.next().hasSettings());
    return session;
  }

  private CompletableFuture<Session> openingWithKeepalive() {
    McpServiceGrpc.McpServiceStub stub = McpServiceGrpc.newStub(client.channel());
    return CompletableFuture.supplyAsync(
        () -> Session.open(stub, TIMEOUT, KEEPALIVE, ignored -> {}));
  }

  private static ServerItem.Builder piece(ByteString data, FragmentState state) {
    ServerItem.Builder item = ServerItem.newBuilder();
    item.getFragmentBuilder().setFragmentId(7).setData(data).setState(state);
    return item;
  }

  private static void assertDraining(CompletableFuture<?> answer) {
    McpException failure = failure(answer);
    assertEquals(Status.Code.UNAVAILABLE, failure.status());
    assertEquals("DRAINING", failure.reason());
    assertTrue(failure.isNotStarted());
  }

  private static McpException failure(CompletableFuture<?> answer) {
    ExecutionException failed = assertThrows(ExecutionException.class, answer::get);
    return McpException.from(failed.getCause());
  }
}
