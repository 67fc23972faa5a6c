package io.github.mcpgrpc;

import io.github.mcpgrpc.v1.Envelope;
import io.github.mcpgrpc.v1.JsonRpcNotification;
import io.github.mcpgrpc.v1.McpServiceGrpc.McpServiceStub;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Many requests at once on one stream, each with a future of its own; {@link McpClient#openSession}
 * opens one.
 *
 * <p>It does not reconnect or send anything again: {@link McpException#isNotStarted} says what may
 * be sent on another Session. Params and results are MCP's own JSON. Safe for use by many threads.
 */
public final class Session implements AutoCloseable {
  /** Requests that may be under way or wait for the server's window; further ones are refused. */
  public static final int MAX_PENDING = 16_384;

  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

  final Wire wire;
  private final Correlation correlation;
  private final AtomicLong lastId = new AtomicLong();
  private final AtomicInteger pending = new AtomicInteger();

  private Session(Consumer<Envelope> onNotification, Duration keepalive) {
    correlation = new Correlation(onNotification, keepalive);
    wire = correlation.wire;
  }

  static Session open(
      McpServiceStub stub,
      Duration timeout,
      Duration keepalive,
      Consumer<Envelope> onNotification) {
    Session session = new Session(onNotification, keepalive);
    stub.session(session.wire);
    session.wire.start();
    try {
      session.wire.opened.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
      return session;
    } catch (ExecutionException refused) {
      throw McpException.from(refused.getCause());
    } catch (TimeoutException late) {
      session.wire.run(() -> session.wire.cancel("the Session was not opened in time", late));
      throw Refusals.connectionLost(
          "no server has opened a Session within " + timeout.toSeconds() + " s");
    } catch (InterruptedException interrupted) {
      session.wire.run(() -> session.wire.cancel("opening was interrupted", interrupted));
      Thread.currentThread().interrupt();
      throw Refusals.connectionLost("opening the Session was interrupted");
    }
  }

  /**
   * Sends a request as soon as the server's window has room for it.
   *
   * <p>Cancelling the future, or ending it in any other way, cancels the request at the server.
   *
   * @param paramsJson JSON text of an object, or null for none
   * @param timeout for the server, counted from its receipt; a second later this end gives up,
   *     which counts the waiting for room as well
   * @return the JSON text of the result, or an {@link McpException}
   */
  public CompletableFuture<String> request(String method, String paramsJson, Duration timeout) {
    return send(Outgoing.request(lastId.incrementAndGet(), method, paramsJson, timeout), timeout);
  }

  /**
   * Subscribes to changes, which come as notifications; takes no place in the server's window.
   *
   * @param paramsJson JSON text of the params of {@code subscriptions/listen}
   * @return the result with which the server ends the subscription; cancel it to end it from here
   */
  public CompletableFuture<String> listen(String paramsJson) {
    String method = "subscriptions/listen";
    return send(Outgoing.request(lastId.incrementAndGet(), method, paramsJson, null), null);
  }

  /**
   * Sends a notification.
   *
   * @param paramsJson JSON text of an object, or null for none
   * @return null once it is written, or an {@link McpException}
   */
  public CompletableFuture<String> notify(String method, String paramsJson) {
    JsonRpcNotification.Builder notification = JsonRpcNotification.newBuilder().setMethod(method);
    if (paramsJson != null) {
      notification.setParamsJson(paramsJson);
    }
    return send(Outgoing.unanswered(Envelope.newBuilder().setNotification(notification)), null);
  }

  /** Whether a further request would be sent: the Session is open and the server does not drain. */
  public boolean acceptsRequests() {
    return correlation.refusal == null;
  }

  /**
   * Ends the Session: what waits for the window is not sent, what is under way has five seconds to
   * finish and is then cancelled.
   */
  @Override
  public void close() {
    wire.run(
        () -> {
          wire.flush();
          correlation.refuse(Refusals.closed());
          wire.halfClose();
        });
    try {
      wire.over.get(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException late) {
      wire.run(() -> wire.cancel("this client has closed the Session", null));
    } catch (InterruptedException interrupted) {
      wire.run(() -> wire.cancel("this client has closed the Session", null));
      Thread.currentThread().interrupt();
    }
  }

  private CompletableFuture<String> send(Outgoing sent, Duration timeout) {
    boolean isTooMuch = pending.incrementAndGet() > MAX_PENDING;
    sent.answer.whenComplete(
        (result, failure) -> {
          pending.decrementAndGet();
          wire.run(() -> correlation.abandon(sent));
        });
    if (isTooMuch) {
      sent.fail(Refusals.tooMany(MAX_PENDING));
    } else {
      wire.run(() -> correlation.submit(sent, timeout));
    }
    return sent.answer;
  }
}
