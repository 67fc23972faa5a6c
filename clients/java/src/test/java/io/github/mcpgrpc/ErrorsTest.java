package io.github.mcpgrpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import io.github.mcpgrpc.v1.CallToolRequest;
import io.github.mcpgrpc.v1.Execution;
import io.github.mcpgrpc.v1.LoggingLevel;
import io.github.mcpgrpc.v1.ReadResourceRequest;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Errors arrive as themselves: statuses, reasons, codes, data, and what may be sent again. */
class ErrorsTest {
  private static final int LARGEST_MESSAGE_BYTES = 768;
  private static final String ADD = "{\"a\":1,\"b\":2}";

  private final McpClient client = Live.client();

  @AfterEach
  void close() {
    client.close();
  }

  @ParameterizedTest
  @CsvSource({
    "-32602, INVALID_ARGUMENT, INVALID_PARAMS",
    "-32601, UNIMPLEMENTED, METHOD_NOT_FOUND",
    "-32603, INTERNAL, INTERNAL_ERROR",
    "-32021, FAILED_PRECONDITION, MISSING_REQUIRED_CLIENT_CAPABILITY",
    "-32042, UNKNOWN, APPLICATION_ERROR",
    "14, UNKNOWN, APPLICATION_ERROR",
  })
  void anErrorOfTheApplicationHasAStatusAndKeepsItsCode(
      long code, Status.Code status, String reason) {
    String arguments =
        "{\"code\":" + code + ",\"message\":\"no\",\"data\":{\"n\":9007199254740993}}";
    McpException failure = failure("refuse", arguments);
    assertEquals(status, failure.status());
    assertEquals(reason, failure.reason());
    assertEquals(McpException.MCP_DOMAIN, failure.domain());
    assertEquals(code, failure.errorCode().getAsLong());
    assertTrue(failure.dataJson().orElseThrow().contains("9007199254740993"));
    assertEquals(Execution.EXECUTION_MAYBE, failure.execution());
  }

  @Test
  void anErrorOfTwentyThousandCharactersArrivesAsItself() {
    McpException failure = failure("explode", "{}");
    assertEquals(Status.Code.UNKNOWN, failure.status());
    assertEquals(-32000, failure.errorCode().getAsLong());
    int length = failure.getMessage().getBytes(StandardCharsets.UTF_8).length;
    assertTrue(length > LARGEST_MESSAGE_BYTES / 2 && length < 2 * LARGEST_MESSAGE_BYTES);
  }

  @Test
  void aCallWithoutACredentialIsUnauthenticated() {
    McpException failure;
    try (McpClient anonymous = secured().build()) {
      failure = Live.failure(() -> anonymous.tools().callTool(Live.calling("add", ADD)));
    }
    assertEquals(Status.Code.UNAUTHENTICATED, failure.status());
    assertEquals("UNAUTHENTICATED", failure.reason());
    assertEquals(McpException.SERVICE_DOMAIN, failure.domain());
    assertTrue(failure.isNotStarted());
  }

  @Test
  void aSessionWithoutACredentialIsUnauthenticated() {
    try (McpClient anonymous = secured().build()) {
      McpException failure =
          assertThrows(McpException.class, () -> anonymous.openSession(ignored -> {}));
      assertEquals(Status.Code.UNAUTHENTICATED, failure.status());
      assertEquals("UNAUTHENTICATED", failure.reason());
      assertTrue(failure.isNotStarted());
    }
  }

  @Test
  void aGoodKeyOverTlsIsTaken() {
    try (McpClient known = secured().apiKey(Live.variable("MCPGRPC_API_KEY")).build()) {
      assertEquals("3", Live.text(Live.call(known, "add", ADD)));
    }
  }

  @Test
  void whatThePolicyForbidsIsPermissionDenied() {
    McpException failure = failureAt("{\"policy\":true}", 1);
    assertEquals(Status.Code.PERMISSION_DENIED, failure.status());
    assertEquals("FORBIDDEN", failure.reason());
    assertTrue(failure.isNotStarted());
  }

  @Test
  void aBudgetThatIsSpentIsResourceExhaustedAndSaysWhenToComeBack() {
    McpException failure = failureAt("{\"rate_limit\":\"2/minute\"}", 3);
    assertEquals(Status.Code.RESOURCE_EXHAUSTED, failure.status());
    assertEquals("RATE_LIMITED", failure.reason());
    assertTrue(failure.isNotStarted());
    assertTrue(failure.retryAfter().isPresent());
  }

  @Test
  void nobodyAtTheAddressIsUnavailableAndPromisesNothing() {
    String address = Live.openServer(client, "{}");
    Live.closeServer(client, address);
    try (McpClient alone = McpClient.connect(address)) {
      McpException failure = Live.failure(() -> alone.tools().callTool(Live.calling("add", ADD)));
      assertEquals(Status.Code.UNAVAILABLE, failure.status());
      assertEquals("", failure.domain());
      assertEquals(Execution.EXECUTION_MAYBE, failure.execution());
    }
  }

  @Test
  void aRequestWithoutItsRequiredFieldIsRefusedByName() {
    McpException call =
        Live.failure(() -> client.tools().callTool(CallToolRequest.getDefaultInstance()));
    assertEquals(Status.Code.INVALID_ARGUMENT, call.status());
    assertTrue(call.getMessage().contains("name"), call::getMessage);
    McpException read =
        Live.failure(
            () -> client.resources().readResource(ReadResourceRequest.getDefaultInstance()));
    assertEquals(Status.Code.INVALID_ARGUMENT, read.status());
    assertTrue(read.getMessage().contains("uri"), read::getMessage);
  }

  @Test
  void anEnumValueThatNobodyKnowsIsAnInvalidArgument() {
    CallToolRequest.Builder call = Live.calling("add", ADD).toBuilder();
    call.getContextBuilder().setLogLevelValue(LoggingLevel.values().length + 90);
    McpException failure = Live.failure(() -> client.tools().callTool(call.build()));
    assertEquals(Status.Code.INVALID_ARGUMENT, failure.status());
    assertTrue(failure.getMessage().contains("log_level"), failure::getMessage);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "{\"a\":1}}", "nonsense"})
  void argumentsThatAreNoJsonAreAParseError(String arguments) {
    McpException failure = failure("add", arguments);
    assertEquals(Status.Code.INVALID_ARGUMENT, failure.status());
    assertEquals(-32700, failure.errorCode().getAsLong());
    assertEquals("PARSE_ERROR", failure.reason());
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "[]", "1", "\"text\""})
  void argumentsThatAreNoObjectAreInvalidParams(String arguments) {
    McpException failure = failure("add", arguments);
    assertEquals(Status.Code.INVALID_ARGUMENT, failure.status());
    assertEquals(-32602, failure.errorCode().getAsLong());
  }

  @ParameterizedTest
  @CsvSource({"mcpgrpc, true", "mcp, false", "example.com, false"})
  void onlyTheServiceItselfSaysThatNothingHasRun(String domain, boolean isNotStarted) {
    ErrorInfo info =
        ErrorInfo.newBuilder()
            .setDomain(domain)
            .setReason("DRAINING")
            .putMetadata("execution", "NOT_STARTED")
            .build();
    com.google.rpc.Status status =
        com.google.rpc.Status.newBuilder()
            .setCode(Status.Code.UNAVAILABLE.value())
            .addDetails(Any.pack(info))
            .build();
    McpException failure = McpException.from(StatusProto.toStatusRuntimeException(status));
    assertEquals(isNotStarted, failure.isNotStarted());
    assertEquals(domain, failure.domain());
  }

  @Test
  void trailersThatMakeNoSenseAreAPlainStatus() {
    Metadata trailers = new Metadata();
    byte[] nonsense = {(byte) 0xff, (byte) 0xff, (byte) 0xff};
    trailers.put(
        Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER), nonsense);
    trailers.put(Metadata.Key.of("mcpgrpc-error-code", Metadata.ASCII_STRING_MARSHALLER), "many");
    McpException failure =
        McpException.from(new StatusRuntimeException(Status.UNAVAILABLE, trailers));
    assertEquals(Status.Code.UNAVAILABLE, failure.status());
    assertTrue(failure.errorCode().isEmpty());
    assertEquals(Map.of(), failure.metadata());
    assertEquals(Execution.EXECUTION_MAYBE, failure.execution());
  }

  private McpException failure(String tool, String arguments) {
    return Live.failure(() -> client.tools().callTool(Live.calling(tool, arguments)));
  }

  /** What the last of so many calls fails with at a server with these settings. */
  private McpException failureAt(String settings, int calls) {
    String address = Live.openServer(client, settings);
    try (McpClient other = McpClient.connect(address)) {
      for (int call = 1; call < calls; call++) {
        Live.call(other, "add", ADD);
      }
      return Live.failure(() -> other.tools().callTool(Live.calling("fail", "{\"message\":\"\"}")));
    } finally {
      Live.closeServer(client, address);
    }
  }

  private static McpClient.Builder secured() {
    File authority = new File(Live.variable("MCPGRPC_TLS_CA"));
    return McpClient.builder(Live.variable("MCPGRPC_TLS_ADDRESS")).tls(authority);
  }
}
