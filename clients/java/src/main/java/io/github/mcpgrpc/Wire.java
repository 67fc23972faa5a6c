package io.github.mcpgrpc;

import io.github.mcpgrpc.v1.ClientItem;
import io.github.mcpgrpc.v1.Execution;
import io.github.mcpgrpc.v1.ServerItem;
import io.github.mcpgrpc.v1.SessionRequest;
import io.github.mcpgrpc.v1.SessionResponse;
import io.github.mcpgrpc.v1.Settings;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The frames of one Session: one thread that reads them, and writes together what waits.
 *
 * <p>It does not know requests from anything else. Everything but {@link #run} and {@link #start}
 * happens on its own thread, so nothing here is locked.
 */
final class Wire implements ClientResponseObserver<SessionRequest, SessionResponse> {
  /** What the wire carries. */
  interface Cargo {
    /** The next item that may be written, if it has no more than so many bytes; null for none. */
    Outgoing next(long roomBytes);

    void receive(ServerItem item);

    /** The RPC has ended; null is the status OK. */
    void end(McpException why);
  }

  private static final int COALESCED_ITEMS = 32;
  private static final int COALESCED_BYTES = 64 * 1024;

  /** What a frame adds around an item, at most. */
  static final int OVERHEAD_BYTES = 64;

  private static final int DEFAULT_WINDOW = 16;
  private static final int DEFAULT_FRAME_BYTES = 4 * 1024 * 1024;
  private static final int MISSED_KEEPALIVES = 3;

  final CompletableFuture<Void> opened = new CompletableFuture<>();
  final CompletableFuture<Void> over = new CompletableFuture<>();
  private final Cargo cargo;
  private final Duration keepalive;
  private final ScheduledThreadPoolExecutor thread = new ScheduledThreadPoolExecutor(1, Wire::own);
  private ClientCallStreamObserver<SessionRequest> rpc;
  private Settings theirs;
  private Future<?> ticking;
  private long lastFrameNanos;
  private boolean flushing;
  private boolean finished;

  /** What this end promises with {@code keepalive} is to write at least that often. */
  Wire(Cargo cargo, Duration keepalive) {
    this.cargo = cargo;
    this.keepalive = keepalive;
    thread.setRemoveOnCancelPolicy(true);
    // So that a Session that nobody closes leaves no thread behind.
    thread.setKeepAliveTime(1, TimeUnit.SECONDS);
    thread.allowCoreThreadTimeOut(true);
  }

  /** Called once the RPC has been begun with this as its observer. */
  void start() {
    run(() -> rpc.onNext(settings()));
  }

  /** Runs a task on the wire's thread; what it throws ends the stream. */
  void run(Runnable task) {
    thread.execute(guarded(task));
  }

  Future<?> schedule(Runnable task, Duration delay) {
    return thread.schedule(
        guarded(task), TimeUnit.NANOSECONDS.convert(delay), TimeUnit.NANOSECONDS);
  }

  /** Requests that the server takes unsettled at once. */
  long window() {
    int said = theirs.getMaxInFlight();
    return said == 0 ? DEFAULT_WINDOW : Integer.toUnsignedLong(said);
  }

  /** The largest envelope that the server takes whole. */
  long maxEnvelopeBytes() {
    long whole = maxFrameBytes() - OVERHEAD_BYTES;
    long said = theirs.getMaxEnvelopeBytes();
    return said > 0 ? Math.min(said, whole) : whole;
  }

  /** Something may be ready to be written. */
  void wake() {
    if (!flushing) {
      flushing = true;
      // Behind the tasks that wait already: what they add goes into the same frames.
      run(this::flush);
    }
  }

  /** Says that nothing more comes from here; what the server has accepted goes on. */
  void halfClose() {
    if (!finished) {
      finished = true;
      rpc.onCompleted();
    }
  }

  void cancel(String why, Throwable cause) {
    finished = true;
    rpc.cancel(why, cause);
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<SessionRequest> begun) {
    rpc = begun;
    rpc.disableAutoRequestWithInitial(1);
    rpc.setOnReadyHandler(() -> run(this::wake));
  }

  @Override
  public void onNext(SessionResponse frame) {
    run(
        () -> {
          lastFrameNanos = System.nanoTime();
          frame.getItemsList().forEach(this::receive);
          rpc.request(1);
          wake();
        });
  }

  @Override
  public void onError(Throwable failure) {
    run(() -> end(McpException.from(failure)));
  }

  @Override
  public void onCompleted() {
    run(() -> end(null));
  }

  private void receive(ServerItem item) {
    if (!item.hasSettings()) {
      cargo.receive(item);
      return;
    }
    theirs = item.getSettings();
    if (ticking == null) {
      long nanos = keepalive.toNanos() / MISSED_KEEPALIVES;
      ticking = thread.scheduleAtFixedRate(guarded(this::tick), nanos, nanos, TimeUnit.NANOSECONDS);
    }
    opened.complete(null);
  }

  private void end(McpException why) {
    finished = true;
    if (ticking != null) {
      ticking.cancel(false);
    }
    cargo.end(why);
    opened.completeExceptionally(McpException.lost(why, Execution.EXECUTION_NOT_STARTED));
    over.complete(null);
  }

  /** Writes what may be written now. */
  void flush() {
    flushing = false;
    while (theirs != null && !finished && rpc.isReady()) {
      SessionRequest frame = nextFrame();
      if (frame.getItemsCount() == 0) {
        return;
      }
      rpc.onNext(frame);
    }
  }

  private SessionRequest nextFrame() {
    SessionRequest.Builder frame = SessionRequest.newBuilder();
    long room = Math.min(COALESCED_BYTES, maxFrameBytes());
    Outgoing next = cargo.next(Long.MAX_VALUE);
    while (next != null) {
      frame.addItems(next.item);
      room -= next.bytes() + OVERHEAD_BYTES;
      next = frame.getItemsCount() < COALESCED_ITEMS ? cargo.next(room - OVERHEAD_BYTES) : null;
    }
    return frame.build();
  }

  private void tick() {
    var said = theirs.getKeepaliveInterval();
    Duration promised = Duration.ofSeconds(said.getSeconds(), said.getNanos());
    Duration silence = Duration.ofNanos(System.nanoTime() - lastFrameNanos);
    boolean isSilent = silence.compareTo(promised.multipliedBy(MISSED_KEEPALIVES)) > 0;
    if (!promised.isZero() && isSilent) {
      cancel("the server has missed " + MISSED_KEEPALIVES + " of its keep-alives", null);
    } else if (!finished && rpc.isReady()) {
      rpc.onNext(SessionRequest.getDefaultInstance());
    }
  }

  private long maxFrameBytes() {
    return theirs.getMaxFrameBytes() == 0
        ? DEFAULT_FRAME_BYTES
        : Integer.toUnsignedLong(theirs.getMaxFrameBytes());
  }

  private Runnable guarded(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (RuntimeException broken) {
        cancel("the stream was given up: " + broken.getMessage(), broken);
      }
    };
  }

  private SessionRequest settings() {
    Settings.Builder ours =
        Settings.newBuilder()
            .setMaxFrameBytes(McpClient.MAX_MESSAGE_BYTES)
            .setMaxEnvelopeBytes(Reassembly.MAX_ENVELOPE_BYTES)
            .setMaxOpenFragments(Reassembly.MAX_OPEN);
    ours.getKeepaliveIntervalBuilder()
        .setSeconds(keepalive.getSeconds())
        .setNanos(keepalive.getNano());
    return SessionRequest.newBuilder().addItems(ClientItem.newBuilder().setSettings(ours)).build();
  }

  private static Thread own(Runnable work) {
    Thread thread = new Thread(work, "mcpgrpc-session");
    thread.setDaemon(true);
    return thread;
  }
}
