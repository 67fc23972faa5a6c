package io.github.mcpgrpc;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.github.mcpgrpc.v1.ErrorReason;
import io.github.mcpgrpc.v1.Execution;
import io.github.mcpgrpc.v1.JsonRpcError;
import io.github.mcpgrpc.v1.JsonRpcResponse;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Why a request failed, and whether it may have run.
 *
 * <p>It decides nothing about sending again: {@link #execution} says what may be concluded, and the
 * status alone never does. A tool that fails is no exception but {@code CallToolResult.is_error}.
 */
public final class McpException extends RuntimeException {
  /** The domain of what the mcpgrpc service itself refuses. */
  public static final String SERVICE_DOMAIN = "mcpgrpc";

  /** The domain of errors that MCP defines or an application makes. */
  public static final String MCP_DOMAIN = "mcp";

  private static final long serialVersionUID = 1L;
  private static final String REASON_PREFIX = "ERROR_REASON_";
  private static final Metadata.Key<String> ERROR_CODE =
      Metadata.Key.of("mcpgrpc-error-code", Metadata.ASCII_STRING_MARSHALLER);

  private final Status.Code status;
  private final String said;
  private final String domain;
  private final String reason;
  private final Map<String, String> metadata;
  private final Execution execution;
  private final Long errorCode;
  private final Duration retryAfter;

  private McpException(
      Status status, ErrorInfo info, Execution execution, Long errorCode, Duration retryAfter) {
    super(sentence(status, info), status.getCause());
    this.status = status.getCode();
    this.said = said(status);
    this.domain = info.getDomain();
    this.reason = info.getReason();
    this.metadata = Map.copyOf(info.getMetadataMap());
    this.execution = execution;
    this.errorCode = errorCode;
    this.retryAfter = retryAfter;
  }

  /**
   * What a stub threw.
   *
   * @param failure mostly a {@code StatusRuntimeException}; anything else is UNKNOWN, and an
   *     McpException is itself
   */
  public static McpException from(Throwable failure) {
    if (failure instanceof McpException known) {
      return known;
    }
    Status status = Status.fromThrowable(failure);
    com.google.rpc.Status details = details(failure);
    ErrorInfo info = detail(details, ErrorInfo.class).orElse(ErrorInfo.getDefaultInstance());
    Duration retryAfter = detail(details, RetryInfo.class).map(McpException::delay).orElse(null);
    return new McpException(status, info, execution(info), errorCode(failure), retryAfter);
  }

  /** What a response without a result says; only a refusal can say that nothing has run. */
  static McpException from(JsonRpcResponse response) {
    JsonRpcError error = response.getError();
    boolean refused = response.getReasonValue() != ErrorReason.ERROR_REASON_UNSPECIFIED_VALUE;
    ErrorInfo.Builder info =
        ErrorInfo.newBuilder()
            .setDomain(refused ? SERVICE_DOMAIN : MCP_DOMAIN)
            .setReason(refused ? name(response.getReason()) : McpCodes.reason(error.getCode()));
    if (error.hasDataJson()) {
      info.putMetadata("data_json", error.getDataJson());
    }
    Status.Code code =
        refused
            ? Status.fromCodeValue((int) error.getCode()).getCode()
            : McpCodes.status(error.getCode());
    Execution execution = refused ? known(response.getExecution()) : Execution.EXECUTION_MAYBE;
    String said = response.hasError() ? error.getMessage() : "neither a result nor an error";
    return new McpException(
        code.toStatus().withDescription(said), info.build(), execution, error.getCode(), null);
  }

  /** What this client says about itself. */
  static McpException local(
      Status.Code status, ErrorReason reason, Execution execution, String message) {
    ErrorInfo info =
        ErrorInfo.newBuilder().setDomain(SERVICE_DOMAIN).setReason(name(reason)).build();
    return new McpException(
        status.toStatus().withDescription(message), info, execution, null, null);
  }

  /** The end of a Session, as it concerns one of its requests; null is an end in good order. */
  static McpException lost(McpException end, Execution execution) {
    if (end == null) {
      return local(
          Status.Code.UNAVAILABLE,
          ErrorReason.ERROR_REASON_CONNECTION_LOST,
          execution,
          "the server has ended the Session");
    }
    boolean isConnection = end.reason.isEmpty() && end.status == Status.Code.UNAVAILABLE;
    String reason = isConnection ? name(ErrorReason.ERROR_REASON_CONNECTION_LOST) : end.reason;
    ErrorInfo info = ErrorInfo.newBuilder().setDomain(SERVICE_DOMAIN).setReason(reason).build();
    Status status = end.status.toStatus().withDescription(end.said).withCause(end);
    return new McpException(status, info, execution, end.errorCode, end.retryAfter);
  }

  /** gRPC's status code. */
  public Status.Code status() {
    return status;
  }

  /** Such as {@code RATE_LIMITED} or {@code INVALID_PARAMS}; empty where a proxy or gRPC failed. */
  public String reason() {
    return reason;
  }

  /** {@link #SERVICE_DOMAIN}, {@link #MCP_DOMAIN}, or empty where a proxy or gRPC itself failed. */
  public String domain() {
    return domain;
  }

  /** What else the error's details say. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** NOT_STARTED if it has certainly not run and may be sent again; MAYBE in every other case. */
  public Execution execution() {
    return execution;
  }

  /** The JSON-RPC code, where the error is one of MCP or came as a response. */
  public OptionalLong errorCode() {
    return errorCode == null ? OptionalLong.empty() : OptionalLong.of(errorCode);
  }

  /** JSON text of the error's {@code data}, where there is any and a status had room for it. */
  public Optional<String> dataJson() {
    return Optional.ofNullable(metadata.get("data_json"));
  }

  /** In how long it is worth trying again, where the service says so in a status. */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }

  /** Whether it has certainly not run, so that sending it again is safe. */
  public boolean isNotStarted() {
    return execution == Execution.EXECUTION_NOT_STARTED;
  }

  private static String sentence(Status status, ErrorInfo info) {
    String reason = info.getReason().isEmpty() ? "" : ", " + info.getReason();
    return said(status) + " (" + status.getCode() + reason + ")";
  }

  private static String said(Status status) {
    return status.getDescription() == null ? "no message" : status.getDescription();
  }

  private static com.google.rpc.Status details(Throwable failure) {
    try {
      com.google.rpc.Status details = StatusProto.fromThrowable(failure);
      return details == null ? com.google.rpc.Status.getDefaultInstance() : details;
    } catch (IllegalArgumentException undecodable) {
      return com.google.rpc.Status.getDefaultInstance();
    }
  }

  private static <T extends com.google.protobuf.Message> Optional<T> detail(
      com.google.rpc.Status details, Class<T> kind) {
    for (Any detail : details.getDetailsList()) {
      if (detail.is(kind)) {
        try {
          return Optional.of(detail.unpack(kind));
        } catch (InvalidProtocolBufferException undecodable) {
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }

  private static Execution execution(ErrorInfo info) {
    String said = info.getMetadataMap().get("execution");
    boolean ours = info.getDomain().equals(SERVICE_DOMAIN);
    return ours && "NOT_STARTED".equals(said)
        ? Execution.EXECUTION_NOT_STARTED
        : Execution.EXECUTION_MAYBE;
  }

  private static Execution known(Execution said) {
    return said == Execution.EXECUTION_NOT_STARTED ? said : Execution.EXECUTION_MAYBE;
  }

  private static Long errorCode(Throwable failure) {
    Metadata trailers = Status.trailersFromThrowable(failure);
    String said = trailers == null ? null : trailers.get(ERROR_CODE);
    try {
      return said == null ? null : Long.valueOf(said);
    } catch (NumberFormatException malformed) {
      return null;
    }
  }

  private static Duration delay(RetryInfo retry) {
    return Duration.ofSeconds(retry.getRetryDelay().getSeconds(), retry.getRetryDelay().getNanos());
  }

  private static String name(ErrorReason reason) {
    return reason.name().replaceFirst("^" + REASON_PREFIX, "");
  }
}
