package io.github.mcpgrpc;

import io.github.mcpgrpc.v1.ListPromptsRequest;
import io.github.mcpgrpc.v1.ListPromptsResponse;
import io.github.mcpgrpc.v1.ListResourceTemplatesRequest;
import io.github.mcpgrpc.v1.ListResourceTemplatesResponse;
import io.github.mcpgrpc.v1.ListResourcesRequest;
import io.github.mcpgrpc.v1.ListResourcesResponse;
import io.github.mcpgrpc.v1.ListToolsRequest;
import io.github.mcpgrpc.v1.ListToolsResponse;
import io.github.mcpgrpc.v1.OtherResult;
import io.github.mcpgrpc.v1.Prompt;
import io.github.mcpgrpc.v1.PromptsServiceGrpc.PromptsServiceBlockingStub;
import io.github.mcpgrpc.v1.Resource;
import io.github.mcpgrpc.v1.ResourceTemplate;
import io.github.mcpgrpc.v1.ResourcesServiceGrpc.ResourcesServiceBlockingStub;
import io.github.mcpgrpc.v1.Tool;
import io.github.mcpgrpc.v1.ToolsServiceGrpc.ToolsServiceBlockingStub;
import java.util.Collection;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Every item of a listing, page by page; a page is fetched when the stream gets there.
 *
 * <p>It keeps nothing: a listing that changes meanwhile is seen as it is when each page is fetched.
 * The streams throw what the stubs throw, and {@code IllegalStateException} for a listing of more
 * than {@value #MAX_PAGES} pages or an answer that is no page.
 */
public final class Pages {
  /** Pages that are followed: a server that never ends a listing cannot hang its client. */
  public static final int MAX_PAGES = 1000;

  private Pages() {}

  /** Every tool. */
  public static Stream<Tool> tools(ToolsServiceBlockingStub stub) {
    return items(
        cursor -> {
          ListToolsRequest.Builder request = ListToolsRequest.newBuilder();
          cursor.ifPresent(request::setCursor);
          ListToolsResponse answer = stub.listTools(request.build());
          check(answer.hasComplete(), answer.getOther());
          var page = answer.getComplete();
          return new Page<>(page.getToolsList(), page.hasNextCursor(), page.getNextCursor());
        });
  }

  /** Every resource. */
  public static Stream<Resource> resources(ResourcesServiceBlockingStub stub) {
    return items(
        cursor -> {
          ListResourcesRequest.Builder request = ListResourcesRequest.newBuilder();
          cursor.ifPresent(request::setCursor);
          ListResourcesResponse answer = stub.listResources(request.build());
          check(answer.hasComplete(), answer.getOther());
          var page = answer.getComplete();
          return new Page<>(page.getResourcesList(), page.hasNextCursor(), page.getNextCursor());
        });
  }

  /** Every resource template. */
  public static Stream<ResourceTemplate> resourceTemplates(ResourcesServiceBlockingStub stub) {
    return items(
        cursor -> {
          var request = ListResourceTemplatesRequest.newBuilder();
          cursor.ifPresent(request::setCursor);
          ListResourceTemplatesResponse answer = stub.listResourceTemplates(request.build());
          check(answer.hasComplete(), answer.getOther());
          var page = answer.getComplete();
          return new Page<>(
              page.getResourceTemplatesList(), page.hasNextCursor(), page.getNextCursor());
        });
  }

  /** Every prompt. */
  public static Stream<Prompt> prompts(PromptsServiceBlockingStub stub) {
    return items(
        cursor -> {
          ListPromptsRequest.Builder request = ListPromptsRequest.newBuilder();
          cursor.ifPresent(request::setCursor);
          ListPromptsResponse answer = stub.listPrompts(request.build());
          check(answer.hasComplete(), answer.getOther());
          var page = answer.getComplete();
          return new Page<>(page.getPromptsList(), page.hasNextCursor(), page.getNextCursor());
        });
  }

  private record Page<T>(Collection<T> items, boolean hasNext, String cursor) {}

  private static <T> Stream<T> items(Function<Optional<String>, Page<T>> fetch) {
    return StreamSupport.stream(
            Spliterators.spliteratorUnknownSize(new Fetcher<>(fetch), Spliterator.ORDERED), false)
        .flatMap(page -> page.items().stream());
  }

  private static final class Fetcher<T> implements Iterator<Page<T>> {
    private final Function<Optional<String>, Page<T>> fetch;
    private Optional<String> cursor = Optional.empty();
    private int fetched;

    Fetcher(Function<Optional<String>, Page<T>> fetch) {
      this.fetch = fetch;
    }

    @Override
    public boolean hasNext() {
      return fetched == 0 || cursor.isPresent();
    }

    @Override
    public Page<T> next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      if (fetched++ == MAX_PAGES) {
        throw new IllegalStateException("the listing has more than " + MAX_PAGES + " pages");
      }
      Page<T> page = fetch.apply(cursor);
      cursor = page.hasNext() ? Optional.of(page.cursor()) : Optional.empty();
      return page;
    }
  }

  // An empty list in the place of an answer that cannot be read would look like success.
  private static void check(boolean isPage, OtherResult other) {
    if (!isPage) {
      throw new IllegalStateException(
          "the listing was answered with a result of the type '" + other.getResultType() + "'");
    }
  }
}
