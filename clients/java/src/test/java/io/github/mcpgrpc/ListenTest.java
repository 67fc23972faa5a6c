package io.github.mcpgrpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.mcpgrpc.v1.ListenRequest;
import io.github.mcpgrpc.v1.ListenResponse;
import io.github.mcpgrpc.v1.ListenResponse.EventCase;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Subscriptions with the typed stub, against the live server. */
class ListenTest {
  private static final String URI = "file:///example.txt";

  private final McpClient client = Live.client();

  @AfterEach
  void close() {
    client.close();
  }

  @Test
  void changesArriveUntilTheClientCancels() {
    Context.CancellableContext context = Context.current().withCancellation();
    context.run(
        () -> {
          Iterator<ListenResponse> events = listen();
          assertTrue(events.next().hasAcknowledged());
          Live.call(client, "change", "{}");
          Set<EventCase> seen = EnumSet.noneOf(EventCase.class);
          while (seen.size() < 2) {
            ListenResponse event = events.next();
            seen.add(event.getEventCase());
            if (event.hasResourceUpdated()) {
              assertEquals(URI, event.getResourceUpdated().getUri());
            }
          }
          assertEquals(EnumSet.of(EventCase.TOOLS_LIST_CHANGED, EventCase.RESOURCE_UPDATED), seen);
          context.cancel(null);
          StatusRuntimeException ended =
              assertThrows(StatusRuntimeException.class, () -> events.forEachRemaining(e -> {}));
          assertEquals(Status.Code.CANCELLED, ended.getStatus().getCode());
        });
  }

  @Test
  void aServerThatDrainsCompletesTheSubscription() {
    String address = Live.openServer(client, "{}");
    try (McpClient other = McpClient.connect(address)) {
      Iterator<ListenResponse> events = listen(other);
      assertTrue(events.next().hasAcknowledged());
      Live.drainServer(client, address);
      ListenResponse last = events.next();
      while (events.hasNext()) {
        last = events.next();
      }
      assertTrue(last.hasComplete(), last::toString);
    } finally {
      Live.closeServer(client, address);
    }
  }

  private Iterator<ListenResponse> listen() {
    return listen(client);
  }

  private static Iterator<ListenResponse> listen(McpClient at) {
    ListenRequest.Builder request = ListenRequest.newBuilder();
    request.getNotificationsBuilder().setToolsListChanged(true).addResourceSubscriptions(URI);
    return at.subscriptions().listen(request.build());
  }
}
