package io.github.mcpgrpc;

import io.github.mcpgrpc.v1.Envelope;
import io.github.mcpgrpc.v1.Execution;
import io.github.mcpgrpc.v1.GoAway;
import io.github.mcpgrpc.v1.JsonRpcResponse;
import io.github.mcpgrpc.v1.RequestId;
import io.github.mcpgrpc.v1.ServerItem;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Which request an answer belongs to, and which requests may still be sent.
 *
 * <p>It does not write or wait, and runs on the thread of its wire alone.
 */
final class Correlation implements Wire.Cargo {
  private static final System.Logger LOG = System.getLogger(Correlation.class.getName());
  private static final Duration MARGIN = Duration.ofSeconds(1);

  final Wire wire;

  /** Why no further request is taken; null while they are. */
  volatile McpException refusal;

  private final Consumer<Envelope> onNotification;
  private final Reassembly pieces = new Reassembly();
  private final SendQueue queue = new SendQueue();
  private final Map<Long, Outgoing> unsettled = new LinkedHashMap<>();
  private long written;

  Correlation(Consumer<Envelope> onNotification, Duration keepalive) {
    this.wire = new Wire(this, keepalive);
    this.onNotification = onNotification;
  }

  void submit(Outgoing sent, Duration timeout) {
    long limit = wire.maxEnvelopeBytes();
    if (refusal != null || sent.bytes() > limit) {
      sent.fail(refusal != null ? refusal : Refusals.tooLarge(sent.bytes(), limit));
      return;
    }
    queue.add(sent);
    if (timeout != null) {
      sent.timer = wire.schedule(() -> giveUp(sent), timeout.plus(MARGIN));
    }
    wire.wake();
  }

  /** Nobody waits for it any more; of what is settled already there is nothing left to do. */
  void abandon(Outgoing sent) {
    if (sent.ordinal == 0) {
      queue.remove(sent);
    } else if (unsettled.containsKey(sent.id)) {
      queue.add(Outgoing.cancellation(sent.id));
      wire.wake();
    }
  }

  /** Takes no further requests, and gives up those that are not written. */
  void refuse(McpException why) {
    refusal = why;
    queue.take(Outgoing::isRequest).forEach(sent -> sent.fail(why));
  }

  @Override
  public Outgoing next(long roomBytes) {
    Outgoing next = queue.poll(roomBytes, wire.window());
    if (next != null && next.isRequest()) {
      next.ordinal = ++written;
      unsettled.put(next.id, next);
    } else if (next != null) {
      next.complete(null);
    }
    return next;
  }

  @Override
  public void receive(ServerItem item) {
    switch (item.getItemCase()) {
      case ENVELOPE -> receive(item.getEnvelope());
      case FRAGMENT -> pieces.add(item.getFragment()).ifPresent(this::receive);
      case REQUEST_SETTLED ->
          settle(item.getRequestSettled().getRequestId(), JsonRpcResponse.getDefaultInstance());
      case GO_AWAY -> goAway(item.getGoAway());
      default -> {}
    }
  }

  @Override
  public void end(McpException why) {
    refuse(McpException.lost(why, Execution.EXECUTION_NOT_STARTED));
    // What was not answered on a stream that ended OK has not run.
    Execution execution = why == null ? Execution.EXECUTION_NOT_STARTED : why.execution();
    Stream.concat(unsettled.values().stream(), queue.take(item -> true).stream())
        .forEach(sent -> sent.fail(McpException.lost(why, execution)));
    unsettled.clear();
  }

  private void receive(Envelope envelope) {
    switch (envelope.getMessageCase()) {
      case RESPONSE -> settle(envelope.getResponse().getId(), envelope.getResponse());
      case NOTIFICATION -> notified(envelope);
      case REQUEST -> asked(envelope.getRequest().getId());
      default -> {}
    }
  }

  private void settle(RequestId id, JsonRpcResponse response) {
    Outgoing sent = id.hasInteger() ? unsettled.remove(id.getInteger()) : null;
    if (sent == null) {
      return;
    }
    queue.settled(sent);
    if (response.hasResultJson()) {
      sent.complete(response.getResultJson());
    } else {
      sent.fail(McpException.from(response));
    }
  }

  private void giveUp(Outgoing sent) {
    sent.fail(Refusals.late(sent.execution(Execution.EXECUTION_MAYBE)));
  }

  private void goAway(GoAway said) {
    refuse(Refusals.draining());
    unsettled.values().stream()
        .filter(sent -> Long.compareUnsigned(sent.ordinal, said.getAcceptedRequests()) > 0)
        .forEach(sent -> sent.fail(refusal));
  }

  private void asked(RequestId id) {
    if (queue.unboundItems() >= Session.MAX_PENDING) {
      throw new IllegalStateException("the server asks and does not read");
    }
    queue.add(Outgoing.unknownMethod(id));
  }

  private void notified(Envelope envelope) {
    try {
      onNotification.accept(envelope);
    } catch (RuntimeException failed) {
      LOG.log(System.Logger.Level.WARNING, "the listener of notifications failed", failed);
    }
  }
}
