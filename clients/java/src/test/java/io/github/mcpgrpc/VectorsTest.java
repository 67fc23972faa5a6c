package io.github.mcpgrpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.DiscardUnknownFieldsParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import com.google.protobuf.util.JsonFormat;
import io.github.mcpgrpc.v1.ClientItem;
import io.github.mcpgrpc.v1.Envelope;
import io.github.mcpgrpc.v1.Fragment;
import io.github.mcpgrpc.v1.ServerItem;
import io.github.mcpgrpc.v1.SessionRequest;
import io.github.mcpgrpc.v1.SessionResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The golden vectors, read and written by the generated messages; proto/vectors/README.md. */
class VectorsTest {
  private static final String PACKAGE = "io.github.mcpgrpc.v1.";

  static Stream<String> files() {
    Path folder = Path.of(Live.variable("MCPGRPC_VECTORS"));
    try (Stream<Path> files = Files.list(folder)) {
      List<String> names =
          files
              .map(file -> file.getFileName().toString())
              .filter(n -> n.endsWith(".json"))
              .toList();
      return names.stream().sorted();
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void everyVectorIsDecodedEncodedAndCompared(String file) throws Exception {
    int compared = 0;
    for (JsonObject vector : vectors(file)) {
      compared += compare(vector) ? 1 : 0;
    }
    assertTrue(compared > 0, file + " has nothing to compare");
    report(file, compared);
  }

  @Test
  void bytesThatAreNoEnvelopeDoNotDecode() throws Exception {
    List<JsonObject> undecodable =
        vectors("malformed.json").stream()
            .filter(vector -> vector.has("hex") && !vector.has("envelope"))
            .toList();
    assertTrue(!undecodable.isEmpty());
    for (JsonObject vector : undecodable) {
      assertThrows(
          InvalidProtocolBufferException.class,
          () -> Envelope.parseFrom(bytes(vector)),
          vector.get("name").getAsString());
    }
  }

  @Test
  void piecesGiveTheEnvelopesThatTheVectorsSay() throws Exception {
    for (JsonObject vector : vectors("frames.json")) {
      if (vector.has("reassembles")) {
        assertReassembled(vector);
      }
    }
  }

  private static void assertReassembled(JsonObject vector) throws Exception {
    String name = vector.get("name").getAsString();
    Reassembly pieces = new Reassembly();
    List<ByteString> whole = new ArrayList<>();
    boolean isBroken = false;
    for (Fragment fragment : fragments(vector)) {
      try {
        pieces.add(fragment).ifPresent(envelope -> whole.add(envelope.toByteString()));
      } catch (IllegalStateException broken) {
        isBroken = true;
        break;
      }
    }
    List<ByteString> expected = new ArrayList<>();
    for (JsonElement each : vector.getAsJsonArray("reassembles")) {
      expected.add(bytes(each.getAsJsonObject()));
    }
    assertEquals(expected, whole, name);
    assertEquals(vector.has("error"), isBroken, name);
  }

  private static List<Fragment> fragments(JsonObject vector) throws Exception {
    List<Fragment> found = new ArrayList<>();
    boolean isOurs = vector.get("message").getAsString().endsWith("SessionRequest");
    for (JsonElement frame : vector.getAsJsonArray("frames")) {
      ByteString bytes = bytes(frame.getAsJsonObject());
      if (isOurs) {
        SessionRequest.parseFrom(bytes).getItemsList().stream()
            .filter(ClientItem::hasFragment)
            .forEach(item -> found.add(item.getFragment()));
      } else {
        SessionResponse.parseFrom(bytes).getItemsList().stream()
            .filter(ServerItem::hasFragment)
            .forEach(item -> found.add(item.getFragment()));
      }
    }
    return found;
  }

  private static boolean compare(JsonObject vector) throws Exception {
    if (vector.has("frames")) {
      Message kind = prototype(vector.get("message").getAsString());
      boolean isReadingOnly = vector.has("reading_only");
      for (JsonElement frame : vector.getAsJsonArray("frames")) {
        JsonObject each = frame.getAsJsonObject();
        assertSame(kind, each.get("frame"), bytes(each), isReadingOnly);
      }
      return true;
    }
    JsonElement json = vector.has("envelope") ? vector.get("envelope") : vector.get("json");
    if (json == null || !vector.has("hex")) {
      return false;
    }
    boolean isTyped = vector.has("message");
    Message kind =
        isTyped ? prototype(vector.get("message").getAsString()) : Envelope.getDefaultInstance();
    assertSame(kind, json, bytes(vector), false);
    return true;
  }

  private static void assertSame(
      Message kind, JsonElement json, ByteString bytes, boolean isReadingOnly) throws Exception {
    Message.Builder builder = kind.newBuilderForType();
    JsonFormat.parser().merge(json.toString(), builder);
    Message said = builder.build();
    Parser<? extends Message> parser = kind.getParserForType();
    if (isReadingOnly) {
      assertEquals(said, DiscardUnknownFieldsParser.wrap(parser).parseFrom(bytes));
      return;
    }
    Message read = parser.parseFrom(bytes);
    assertEquals(said, read);
    assertEquals(hex(bytes), hex(serialised(said)));
    assertEquals(hex(bytes), hex(serialised(read)));
    Message.Builder again = kind.newBuilderForType();
    JsonFormat.parser().merge(JsonFormat.printer().print(read), again);
    assertEquals(read, again.build());
  }

  // Maps have no order of their own on the wire; the vectors have them sorted.
  private static ByteString serialised(Message message) throws IOException {
    ByteString.Output bytes = ByteString.newOutput();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.useDeterministicSerialization();
    message.writeTo(out);
    out.flush();
    return bytes.toByteString();
  }

  private static Message prototype(String fullName) throws ReflectiveOperationException {
    String name = fullName.substring(fullName.lastIndexOf('.') + 1);
    Class<?> kind = Class.forName(PACKAGE + name);
    return (Message) kind.getMethod("getDefaultInstance").invoke(null);
  }

  private static List<JsonObject> vectors(String file) throws IOException {
    Path path = Path.of(Live.variable("MCPGRPC_VECTORS"), file);
    JsonArray vectors = Live.object(Files.readString(path)).getAsJsonArray("vectors");
    return vectors.asList().stream().map(JsonElement::getAsJsonObject).toList();
  }

  private static ByteString bytes(JsonObject vector) {
    return ByteString.copyFrom(HexFormat.of().parseHex(vector.get("hex").getAsString()));
  }

  private static String hex(ByteString bytes) {
    return HexFormat.of().formatHex(bytes.toByteArray());
  }

  private static void report(String file, int count) throws IOException {
    String report = System.getenv("MCPGRPC_REPORT");
    if (report != null) {
      Files.writeString(
          Path.of(report),
          file + " " + count + "\n",
          StandardCharsets.UTF_8,
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    }
  }
}
