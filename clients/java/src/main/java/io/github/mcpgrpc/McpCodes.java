package io.github.mcpgrpc;

import io.grpc.Status;
import java.util.Map;

/**
 * What JSON-RPC's and MCP's error codes are as a status and a reason, as in docs/binding.md 18.4.
 *
 * <p>They are for errors that came as a response; a status has both already.
 */
final class McpCodes {
  private static final Map<Long, String> REASONS =
      Map.of(
          -32700L, "PARSE_ERROR",
          -32600L, "INVALID_REQUEST",
          -32601L, "METHOD_NOT_FOUND",
          -32602L, "INVALID_PARAMS",
          -32603L, "INTERNAL_ERROR",
          -32020L, "HEADER_MISMATCH",
          -32021L, "MISSING_REQUIRED_CLIENT_CAPABILITY",
          -32022L, "UNSUPPORTED_PROTOCOL_VERSION");

  private static final Map<Long, Status.Code> STATUSES =
      Map.of(
          -32700L, Status.Code.INVALID_ARGUMENT,
          -32600L, Status.Code.INVALID_ARGUMENT,
          -32601L, Status.Code.UNIMPLEMENTED,
          -32602L, Status.Code.INVALID_ARGUMENT,
          -32603L, Status.Code.INTERNAL,
          -32020L, Status.Code.INVALID_ARGUMENT,
          -32021L, Status.Code.FAILED_PRECONDITION,
          -32022L, Status.Code.FAILED_PRECONDITION);

  private McpCodes() {}

  static String reason(long code) {
    return REASONS.getOrDefault(code, "APPLICATION_ERROR");
  }

  static Status.Code status(long code) {
    return STATUSES.getOrDefault(code, Status.Code.UNKNOWN);
  }
}
