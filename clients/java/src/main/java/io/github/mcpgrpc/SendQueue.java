package io.github.mcpgrpc;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Predicate;

/**
 * What waits to be written on a Session: what takes a place in the server's window, and behind
 * nothing of it what takes none.
 *
 * <p>It does not write, and is no queue between threads.
 */
final class SendQueue {
  private final Deque<Outgoing> unbound = new ArrayDeque<>();
  private final Deque<Outgoing> bound = new ArrayDeque<>();
  private long slotsTaken;

  void add(Outgoing item) {
    (item.takesSlot ? bound : unbound).add(item);
  }

  void remove(Outgoing item) {
    (item.takesSlot ? bound : unbound).remove(item);
  }

  /** The next that may be written; null if there is none, or it does not fit into the room. */
  Outgoing poll(long roomBytes, long window) {
    Deque<Outgoing> queue = unbound.isEmpty() ? bound : unbound;
    Outgoing head = queue.peek();
    boolean isHeld = head == null || head.takesSlot && slotsTaken >= window;
    if (isHeld || head.bytes() > roomBytes) {
      return null;
    }
    slotsTaken += head.takesSlot ? 1 : 0;
    return queue.remove();
  }

  /** A request that was written is settled: its place is free. */
  void settled(Outgoing item) {
    slotsTaken -= item.takesSlot ? 1 : 0;
  }

  /** Takes out everything of a kind. */
  List<Outgoing> take(Predicate<Outgoing> kind) {
    List<Outgoing> taken = new ArrayList<>(unbound);
    taken.addAll(bound);
    taken.removeIf(kind.negate());
    unbound.removeIf(kind);
    bound.removeIf(kind);
    return taken;
  }

  int unboundItems() {
    return unbound.size();
  }
}
