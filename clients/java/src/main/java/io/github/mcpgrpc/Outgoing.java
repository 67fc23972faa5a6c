package io.github.mcpgrpc;

import io.github.mcpgrpc.v1.ClientItem;
import io.github.mcpgrpc.v1.Envelope;
import io.github.mcpgrpc.v1.Execution;
import io.github.mcpgrpc.v1.JsonRpcError;
import io.github.mcpgrpc.v1.JsonRpcRequest;
import io.github.mcpgrpc.v1.RequestId;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

/**
 * Something that waits to be written on a Session, and then perhaps for its answer.
 *
 * <p>It does not know the stream. What its future triggers runs on the common pool, so that nobody
 * can hold the Session's own thread.
 */
final class Outgoing {
  final long id;
  final boolean takesSlot;
  final ClientItem item;
  final CompletableFuture<String> answer = new CompletableFuture<>();

  /** Which request of the stream it was, from 1; 0 until it is written. */
  long ordinal;

  Future<?> timer;

  private Outgoing(long id, boolean takesSlot, Envelope.Builder envelope) {
    this.id = id;
    this.takesSlot = takesSlot;
    this.item = ClientItem.newBuilder().setEnvelope(envelope).build();
  }

  static Outgoing request(long id, String method, String paramsJson, Duration timeout) {
    JsonRpcRequest.Builder request = JsonRpcRequest.newBuilder().setId(id(id)).setMethod(method);
    if (paramsJson != null) {
      request.setParamsJson(paramsJson);
    }
    Envelope.Builder envelope = Envelope.newBuilder().setRequest(request);
    if (timeout != null) {
      envelope.getTimeoutBuilder().setSeconds(timeout.getSeconds()).setNanos(timeout.getNano());
    }
    return new Outgoing(id, !method.equals("subscriptions/listen"), envelope);
  }

  /** Cancels a request at the server. */
  static Outgoing cancellation(long id) {
    Envelope.Builder envelope = Envelope.newBuilder();
    envelope
        .getNotificationBuilder()
        .setMethod("notifications/cancelled")
        .setParamsJson("{\"requestId\":" + id + "}");
    return unanswered(envelope);
  }

  /** Answers a request of the server: this client has nothing that could be asked for. */
  static Outgoing unknownMethod(RequestId id) {
    Envelope.Builder envelope = Envelope.newBuilder();
    envelope
        .getResponseBuilder()
        .setId(id)
        .setError(JsonRpcError.newBuilder().setCode(-32601).setMessage("Method not found"));
    return unanswered(envelope);
  }

  /** Anything that is never answered: its future ends once it is written. */
  static Outgoing unanswered(Envelope.Builder envelope) {
    return new Outgoing(0, false, envelope);
  }

  static RequestId id(long id) {
    return RequestId.newBuilder().setInteger(id).build();
  }

  boolean isRequest() {
    return id != 0;
  }

  int bytes() {
    return item.getSerializedSize();
  }

  void complete(String resultJson) {
    done();
    answer.completeAsync(() -> resultJson);
  }

  void fail(McpException why) {
    done();
    answer.defaultExecutor().execute(() -> answer.completeExceptionally(why));
  }

  /** What is certain about a request that gets no answer: one that was not written has not run. */
  Execution execution(Execution ifWritten) {
    return ordinal == 0 ? Execution.EXECUTION_NOT_STARTED : ifWritten;
  }

  private void done() {
    if (timer != null) {
      timer.cancel(false);
    }
  }
}
