package io.github.mcpgrpc;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.mcpgrpc.v1.CallToolRequest;
import io.github.mcpgrpc.v1.CallToolResponse;
import io.github.mcpgrpc.v1.CallToolResult;
import io.grpc.StatusRuntimeException;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * The server that runs while the tests do, and short ways to its tools; it asserts nothing else.
 */
final class Live {
  private static final String META =
      "{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
          + "\"io.modelcontextprotocol/clientInfo\":{\"name\":\"java\",\"version\":\"0\"},"
          + "\"io.modelcontextprotocol/clientCapabilities\":{}";

  private Live() {}

  static String variable(String name) {
    String value = System.getenv(name);
    if (value == null) {
      throw new IllegalStateException(
          name
              + " is not set: run `make test-clients ONLY=java`, or start"
              + " `python -m tests.clients.server` and export what it prints");
    }
    return value;
  }

  static McpClient client() {
    return McpClient.connect(variable("MCPGRPC_ADDRESS"));
  }

  static CallToolRequest calling(String tool, String argumentsJson) {
    return CallToolRequest.newBuilder().setName(tool).setArgumentsJson(argumentsJson).build();
  }

  static CallToolResult call(McpClient client, String tool, String argumentsJson) {
    CallToolResponse response = client.tools().callTool(calling(tool, argumentsJson));
    assertTrue(response.hasComplete(), response::toString);
    return response.getComplete();
  }

  static String text(CallToolResult result) {
    return result.getContent(0).getText().getText();
  }

  static JsonObject object(String json) {
    return JsonParser.parseString(json).getAsJsonObject();
  }

  static JsonObject structured(CallToolResult result) {
    return object(result.getStructuredContentJson());
  }

  /** Opens a further server of the same app; gives its address. */
  static String openServer(McpClient client, String settingsJson) {
    return structured(call(client, "open_server", settingsJson)).get("address").getAsString();
  }

  static void drainServer(McpClient client, String address) {
    call(client, "drain_server", "{\"address\":\"" + address + "\"}");
  }

  static void closeServer(McpClient client, String address) {
    call(client, "close_server", "{\"address\":\"" + address + "\"}");
  }

  /** A key that no other test waits for. */
  static String key() {
    return UUID.randomUUID().toString();
  }

  static String keyed(String key) {
    return "{\"key\":\"" + key + "\"}";
  }

  /** How many calls of `wait` with a key were cancelled, once one of them has ended. */
  static int cancelled(McpClient client, String key) {
    call(client, "settled", keyed(key));
    JsonObject waits = structured(call(client, "waits", "{}"));
    return waits.getAsJsonObject("cancelled").get(key).getAsInt();
  }

  /** The params of a modern tools/call; progress comes with the tool's name as its token. */
  static String params(String tool, String argumentsJson) {
    return "{\"name\":\""
        + tool
        + "\",\"arguments\":"
        + argumentsJson
        + ",\"_meta\":"
        + META
        + ",\"progressToken\":\""
        + tool
        + "\"}}";
  }

  /** The params of a modern request that has no others than these members. */
  static String params(String members) {
    return "{" + (members.isEmpty() ? "" : members + ",") + "\"_meta\":" + META + "}}";
  }

  /** What a call on a stub failed with. */
  static McpException failure(Supplier<?> call) {
    return McpException.from(assertThrows(StatusRuntimeException.class, call::get));
  }
}
