package io.github.mcpgrpc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.mcpgrpc.v1.CompleteRequest;
import io.github.mcpgrpc.v1.Completion;
import io.github.mcpgrpc.v1.DiscoverRequest;
import io.github.mcpgrpc.v1.DiscoverResult;
import io.github.mcpgrpc.v1.GetPromptRequest;
import io.github.mcpgrpc.v1.GetPromptResult;
import io.github.mcpgrpc.v1.IconTheme;
import io.github.mcpgrpc.v1.ListToolsRequest;
import io.github.mcpgrpc.v1.Prompt;
import io.github.mcpgrpc.v1.ReadResourceRequest;
import io.github.mcpgrpc.v1.Resource;
import io.github.mcpgrpc.v1.ResourceContents;
import io.github.mcpgrpc.v1.ResourceTemplate;
import io.github.mcpgrpc.v1.Role;
import io.github.mcpgrpc.v1.Tool;
import io.grpc.Status;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Listing, reading, getting, completing and discovering, against the live server. */
class ReadsTest {
  private final McpClient client = Live.client();

  @AfterEach
  void close() {
    client.close();
  }

  @Test
  void everyToolIsListedOnceOverAllPages() {
    List<String> names = Pages.tools(client.tools()).map(Tool::getName).toList();
    assertTrue(names.size() >= 37, names::toString);
    assertEquals(names.size(), new HashSet<>(names).size());
    assertTrue(names.containsAll(List.of("add", "extra_00", "extra_24")), names::toString);
  }

  @Test
  void aToolIsListedWithEverythingThatItSays() {
    Tool add =
        Pages.tools(client.tools()).filter(tool -> tool.getName().equals("add")).findFirst().get();
    assertEquals("Add", add.getTitle());
    assertEquals("Add two numbers", add.getAnnotations().getTitle());
    assertTrue(add.getAnnotations().getReadOnlyHint());
    assertFalse(add.getAnnotations().hasIdempotentHint());
    assertEquals(IconTheme.ICON_THEME_DARK, add.getIcons(0).getTheme());
    assertTrue(Live.object(add.getInputSchemaJson()).has("required"));
    assertTrue(Live.object(add.getOutputSchemaJson()).has("properties"));
    assertEquals(
        "arithmetic", Live.object(add.getMetaJson()).get("com.example/kind").getAsString());
  }

  @Test
  void aListingFetchesNoPageThatNobodyAsksFor() {
    ListToolsRequest first = ListToolsRequest.getDefaultInstance();
    int pageSize = client.tools().listTools(first).getComplete().getToolsCount();
    List<Tool> some = Pages.tools(client.tools()).limit(pageSize + 1).toList();
    assertEquals(pageSize + 1, some.size());
  }

  @Test
  void resourcesTemplatesAndPromptsAreListed() {
    List<String> uris = Pages.resources(client.resources()).map(Resource::getUri).toList();
    assertEquals(27, new HashSet<>(uris).size());
    List<String> templates =
        Pages.resourceTemplates(client.resources()).map(ResourceTemplate::getUriTemplate).toList();
    assertEquals(List.of("file:///{name}"), templates);
    List<String> prompts = Pages.prompts(client.prompts()).map(Prompt::getName).toList();
    assertEquals(List.of("review"), prompts);
  }

  @Test
  void aCursorOfAnotherListIsRefusedAsAnInvalidArgument() {
    String cursor =
        client
            .tools()
            .listTools(ListToolsRequest.getDefaultInstance())
            .getComplete()
            .getNextCursor();
    var request = io.github.mcpgrpc.v1.ListResourcesRequest.newBuilder().setCursor(cursor).build();
    McpException failure = Live.failure(() -> client.resources().listResources(request));
    assertEquals(Status.Code.INVALID_ARGUMENT, failure.status());
    assertEquals("INVALID_PARAMS", failure.reason());
    assertEquals(-32602, failure.errorCode().getAsLong());
  }

  @Test
  void aTextResourceIsRead() {
    ResourceContents contents = read("file:///example.txt");
    assertEquals("A line.\n", contents.getText());
    assertEquals("text/plain", contents.getMimeType());
  }

  @Test
  void aBinaryResourceIsReadAsBytes() {
    byte[] everyByte = new byte[256];
    for (int value = 0; value < everyByte.length; value++) {
      everyByte[value] = (byte) value;
    }
    assertArrayEquals(everyByte, read("file:///pixel.bin").getBlob().toByteArray());
  }

  @Test
  void aResourceThatDoesNotExistIsATypedErrorWithItsData() {
    McpException failure = Live.failure(() -> read("file:///nowhere"));
    assertEquals(Status.Code.INVALID_ARGUMENT, failure.status());
    assertEquals(McpException.MCP_DOMAIN, failure.domain());
    String data = failure.dataJson().orElseThrow();
    assertEquals("file:///nowhere", Live.object(data).get("uri").getAsString());
  }

  @Test
  void aPromptIsGotWithItsArguments() {
    GetPromptRequest request =
        GetPromptRequest.newBuilder().setName("review").putArguments("code", "x = 1").build();
    GetPromptResult result = client.prompts().getPrompt(request).getComplete();
    assertEquals(Role.ROLE_USER, result.getMessages(0).getRole());
    assertTrue(result.getMessages(0).getContent().getText().getText().contains("x = 1"));
  }

  @Test
  void anArgumentIsCompleted() {
    CompleteRequest.Builder request = CompleteRequest.newBuilder();
    request.getPromptBuilder().setName("review");
    request.getArgumentBuilder().setName("code").setValue("j");
    Completion completion =
        client.completion().complete(request.build()).getComplete().getCompletion();
    assertEquals(List.of("java"), completion.getValuesList());
    assertEquals(1, completion.getTotal());
  }

  @Test
  void theServerSaysWhatItSpeaksAndOffers() {
    DiscoverResult found =
        client.discovery().discover(DiscoverRequest.getDefaultInstance()).getComplete();
    assertTrue(found.getSupportedVersionsList().contains("2026-07-28"));
    assertTrue(found.getCapabilities().hasTools());
    assertEquals("Call `add`.", found.getInstructions());
  }

  private ResourceContents read(String uri) {
    ReadResourceRequest request = ReadResourceRequest.newBuilder().setUri(uri).build();
    return client.resources().readResource(request).getComplete().getContents(0);
  }
}
