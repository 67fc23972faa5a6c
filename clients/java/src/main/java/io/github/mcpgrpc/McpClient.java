package io.github.mcpgrpc;

import com.google.gson.Gson;
import com.google.gson.reflect.TypeToken;
import io.github.mcpgrpc.v1.CompletionServiceGrpc;
import io.github.mcpgrpc.v1.CompletionServiceGrpc.CompletionServiceBlockingStub;
import io.github.mcpgrpc.v1.DiscoveryServiceGrpc;
import io.github.mcpgrpc.v1.DiscoveryServiceGrpc.DiscoveryServiceBlockingStub;
import io.github.mcpgrpc.v1.Envelope;
import io.github.mcpgrpc.v1.McpServiceGrpc;
import io.github.mcpgrpc.v1.PromptsServiceGrpc;
import io.github.mcpgrpc.v1.PromptsServiceGrpc.PromptsServiceBlockingStub;
import io.github.mcpgrpc.v1.ResourcesServiceGrpc;
import io.github.mcpgrpc.v1.ResourcesServiceGrpc.ResourcesServiceBlockingStub;
import io.github.mcpgrpc.v1.SubscriptionsServiceGrpc;
import io.github.mcpgrpc.v1.SubscriptionsServiceGrpc.SubscriptionsServiceBlockingStub;
import io.github.mcpgrpc.v1.ToolsServiceGrpc;
import io.github.mcpgrpc.v1.ToolsServiceGrpc.ToolsServiceBlockingStub;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.TlsChannelCredentials;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A channel to a server with the service config, TLS, credentials and a default deadline; the
 * generated stubs do the rest.
 *
 * <p>It does not wrap them: their methods throw {@code StatusRuntimeException}, which {@link
 * McpException#from} explains. Safe for use by many threads.
 */
public final class McpClient implements AutoCloseable {
  /** The deadline of a unary RPC that is given none. */
  public static final Duration DEFAULT_DEADLINE = Duration.ofSeconds(60);

  /** The largest gRPC message that is taken, as the server's default. */
  public static final int MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration OPEN_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration SESSION_KEEPALIVE = Duration.ofSeconds(30);
  private static final Duration CHANNEL_KEEPALIVE = Duration.ofSeconds(60);

  private final ManagedChannel channel;

  private McpClient(ManagedChannel channel) {
    this.channel = channel;
  }

  /**
   * Begins a client.
   *
   * @param target {@code host:port}, or a gRPC name such as {@code dns:///host:port}
   */
  public static Builder builder(String target) {
    return new Builder(target);
  }

  /** A plaintext client of a server that asks for no credentials. */
  public static McpClient connect(String target) {
    return builder(target).build();
  }

  /** The channel, for stubs of other kinds. */
  public ManagedChannel channel() {
    return channel;
  }

  /** Lists, calls and watches tools. */
  public ToolsServiceBlockingStub tools() {
    return ToolsServiceGrpc.newBlockingStub(channel);
  }

  /** Lists and reads resources. */
  public ResourcesServiceBlockingStub resources() {
    return ResourcesServiceGrpc.newBlockingStub(channel);
  }

  /** Lists and gets prompts. */
  public PromptsServiceBlockingStub prompts() {
    return PromptsServiceGrpc.newBlockingStub(channel);
  }

  /** Completes arguments. */
  public CompletionServiceBlockingStub completion() {
    return CompletionServiceGrpc.newBlockingStub(channel);
  }

  /** Asks what the server speaks and offers. */
  public DiscoveryServiceBlockingStub discovery() {
    return DiscoveryServiceGrpc.newBlockingStub(channel);
  }

  /** Hears of changes. */
  public SubscriptionsServiceBlockingStub subscriptions() {
    return SubscriptionsServiceGrpc.newBlockingStub(channel);
  }

  /**
   * Opens a Session and waits, for ten seconds at most, until it can be used.
   *
   * @param onNotification hears every notification, in order, on the Session's own thread: it must
   *     not wait
   * @throws McpException it was refused, or nobody answers; nothing has run
   */
  public Session openSession(Consumer<Envelope> onNotification) {
    return Session.open(
        McpServiceGrpc.newStub(channel), OPEN_TIMEOUT, SESSION_KEEPALIVE, onNotification);
  }

  /** Ends the channel: RPCs under way have five seconds to finish and are then cancelled. */
  @Override
  public void close() {
    channel.shutdown();
    try {
      if (channel.awaitTermination(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
        return;
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    channel.shutdownNow();
  }

  /** gRPC's own retries and balancing, the same for every language: reads alone are retried. */
  static Map<String, ?> serviceConfig() {
    try (Reader json =
        new InputStreamReader(
            McpClient.class.getResourceAsStream("service_config.json"), StandardCharsets.UTF_8)) {
      return new Gson().fromJson(json, new TypeToken<Map<String, ?>>() {}.getType());
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /** How a client is made. */
  public static final class Builder {
    private final String target;
    private boolean tls;
    private File trusted;
    private Metadata.Key<String> key;
    private Supplier<String> credential;
    private boolean plaintextCredentials;
    private Duration deadline = DEFAULT_DEADLINE;

    private Builder(String target) {
      this.target = target;
    }

    /** TLS with the roots that Java trusts. */
    public Builder tls() {
      tls = true;
      return this;
    }

    /** TLS with the roots of a PEM file alone. */
    public Builder tls(File roots) {
      trusted = roots;
      return tls();
    }

    /** Sends {@code authorization: Bearer}; asked for the token again for every RPC. */
    public Builder bearerToken(Supplier<String> token) {
      return credential("authorization", () -> "Bearer " + token.get());
    }

    /** Sends {@code x-api-key}. */
    public Builder apiKey(String value) {
      return credential("x-api-key", () -> value);
    }

    /** Credentials are meant to travel in plaintext to other machines, as behind a service mesh. */
    public Builder allowPlaintextCredentials() {
      plaintextCredentials = true;
      return this;
    }

    /** The deadline of a unary RPC that is given none. */
    public Builder defaultDeadline(Duration value) {
      deadline = value;
      return this;
    }

    /**
     * Makes the client; it connects when it is used.
     *
     * @throws IllegalArgumentException credentials would travel in plaintext to another machine
     * @throws UncheckedIOException the file of roots cannot be read
     */
    public McpClient build() {
      if (credential != null && !tls && !plaintextCredentials && !isLoopback(target)) {
        throw new IllegalArgumentException(
            "credentials for " + target + " would travel in plaintext: add tls()");
      }
      return new McpClient(
          Grpc.newChannelBuilder(target, security())
              .defaultServiceConfig(serviceConfig())
              .enableRetry()
              .maxInboundMessageSize(MAX_MESSAGE_BYTES)
              .keepAliveTime(CHANNEL_KEEPALIVE.toSeconds(), TimeUnit.SECONDS)
              .intercept(new RequestDefaults(deadline, key, credential))
              .build());
    }

    private Builder credential(String name, Supplier<String> value) {
      key = Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
      credential = value;
      return this;
    }

    private io.grpc.ChannelCredentials security() {
      if (!tls) {
        return InsecureChannelCredentials.create();
      }
      TlsChannelCredentials.Builder credentials = TlsChannelCredentials.newBuilder();
      try {
        return (trusted == null ? credentials : credentials.trustManager(trusted)).build();
      } catch (IOException unreadable) {
        throw new UncheckedIOException("cannot read " + trusted, unreadable);
      }
    }

    private static boolean isLoopback(String target) {
      String name = target.substring(target.lastIndexOf('/') + 1);
      return name.matches("(localhost|127\\.\\d+\\.\\d+\\.\\d+|\\[::1])(:\\d+)?");
    }
  }
}
