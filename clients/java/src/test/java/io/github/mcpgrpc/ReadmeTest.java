package io.github.mcpgrpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.mcpgrpc.examples.Tour;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README and the example say is what happens. */
class ReadmeTest {
  private static final Pattern EXAMPLE = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  @Test
  void theFirstExampleOfTheReadmeWorksWhenPasted(@TempDir Path folder) throws Exception {
    Matcher example = EXAMPLE.matcher(Files.readString(Path.of("README.md")));
    assertTrue(example.find());
    String source = example.group(1).replace("127.0.0.1:50051", Live.variable("MCPGRPC_ADDRESS"));
    Path file = Files.writeString(folder.resolve("Add.java"), source);
    Process run =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                classPath(),
                file.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(run.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals("3", said.strip());
    assertEquals(0, run.waitFor());
  }

  @Test
  void theExampleShowsWhatItPromises() {
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    try (McpClient client = Live.client()) {
      Tour.show(client, new PrintStream(said, true, StandardCharsets.UTF_8));
    }
    List<String> lines = said.toString(StandardCharsets.UTF_8).lines().toList();
    assertEquals("1 + 2 = 3", lines.get(1));
    assertEquals("INVALID_ARGUMENT, INVALID_PARAMS", lines.get(2));
    assertEquals("on one stream: 3", lines.get(3));
  }

  private static String classPath() {
    String tested = System.getProperty("surefire.test.class.path");
    return tested != null ? tested : System.getProperty("java.class.path");
  }
}
