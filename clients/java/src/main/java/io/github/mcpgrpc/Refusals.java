package io.github.mcpgrpc;

import io.github.mcpgrpc.v1.ErrorReason;
import io.github.mcpgrpc.v1.Execution;
import io.grpc.Status;

/**
 * What a Session says itself about requests that get no answer.
 *
 * <p>What the server says is {@link McpException#from}'s business.
 */
final class Refusals {
  private Refusals() {}

  static McpException draining() {
    return notStarted(
        Status.Code.UNAVAILABLE,
        ErrorReason.ERROR_REASON_DRAINING,
        "the server takes no more requests on this Session; open another");
  }

  static McpException closed() {
    return connectionLost("this client has closed the Session");
  }

  static McpException connectionLost(String why) {
    return notStarted(Status.Code.UNAVAILABLE, ErrorReason.ERROR_REASON_CONNECTION_LOST, why);
  }

  static McpException tooMany(int pending) {
    return notStarted(
        Status.Code.RESOURCE_EXHAUSTED,
        ErrorReason.ERROR_REASON_WINDOW_EXCEEDED,
        pending + " requests wait on this Session already");
  }

  static McpException tooLarge(int bytes, long limit) {
    return notStarted(
        Status.Code.RESOURCE_EXHAUSTED,
        ErrorReason.ERROR_REASON_MESSAGE_TOO_LARGE,
        "a request of " + bytes + " bytes is beyond the " + limit + " that the server takes");
  }

  static McpException late(Execution execution) {
    return McpException.local(
        Status.Code.DEADLINE_EXCEEDED,
        ErrorReason.ERROR_REASON_TIMEOUT,
        execution,
        "no answer came within the time allowed");
  }

  private static McpException notStarted(Status.Code status, ErrorReason reason, String why) {
    return McpException.local(status, reason, Execution.EXECUTION_NOT_STARTED, why);
  }
}
