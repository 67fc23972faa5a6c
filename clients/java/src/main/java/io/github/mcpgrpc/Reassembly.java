package io.github.mcpgrpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.github.mcpgrpc.v1.Envelope;
import io.github.mcpgrpc.v1.Fragment;
import io.github.mcpgrpc.v1.FragmentState;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Envelopes that arrive in pieces, put together within the bounds that were announced.
 *
 * <p>It cuts none: what this client sends is whole.
 */
final class Reassembly {
  static final int MAX_OPEN = 16;
  static final int MAX_ENVELOPE_BYTES = McpClient.MAX_MESSAGE_BYTES;

  private final Map<Long, Partial> open = new HashMap<>();
  private long heldBytes;

  private record Partial(ByteString data, Optional<Long> total) {}

  /**
   * Takes a piece; gives the envelope that it completes.
   *
   * @throws IllegalStateException the pieces break a bound, or the whole is no envelope
   */
  Optional<Envelope> add(Fragment piece) {
    if (piece.getState() == FragmentState.FRAGMENT_STATE_ABORTED) {
      forget(piece.getFragmentId());
      return Optional.empty();
    }
    Partial known = forget(piece.getFragmentId());
    Optional<Long> total =
        known != null
            ? known.total()
            : Optional.of(piece).filter(Fragment::hasTotalBytes).map(Fragment::getTotalBytes);
    ByteString data = (known == null ? ByteString.EMPTY : known.data()).concat(piece.getData());
    boolean isWhole = piece.getState() == FragmentState.FRAGMENT_STATE_LAST;
    check(data.size() <= MAX_ENVELOPE_BYTES, "an envelope in pieces is too large");
    check(
        total.filter(said -> isWhole ? said != data.size() : said < data.size()).isEmpty(),
        "pieces do not add up");
    if (isWhole) {
      return Optional.of(parse(data));
    }
    heldBytes += data.size();
    check(heldBytes <= 2L * MAX_ENVELOPE_BYTES, "too much is in pieces at once");
    check(open.size() < MAX_OPEN, "too many envelopes are in pieces at once");
    open.put(piece.getFragmentId(), new Partial(data, total));
    return Optional.empty();
  }

  private Partial forget(long fragmentId) {
    Partial known = open.remove(fragmentId);
    heldBytes -= known == null ? 0 : known.data().size();
    return known;
  }

  private static Envelope parse(ByteString data) {
    try {
      return Envelope.parseFrom(data);
    } catch (InvalidProtocolBufferException undecodable) {
      throw new IllegalStateException("pieces hold no envelope", undecodable);
    }
  }

  private static void check(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalStateException(otherwise);
    }
  }
}
