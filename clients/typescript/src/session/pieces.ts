// Envelopes that come in pieces, put together within bounds. It cuts none: requests go whole.

import { fromBinary } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";

import { McpError, SERVICE_DOMAIN } from "../errors.js";
import { type Envelope, EnvelopeSchema } from "../generated/mcpgrpc/v1/envelope_pb.js";
import { type Fragment, FragmentState } from "../generated/mcpgrpc/v1/session_pb.js";

/** How many envelopes a Session takes in pieces at once. */
export const MAX_OPEN_PIECES = 16;

interface Open {
  parts: Uint8Array[];
  bytes: number;
  totalBytes: bigint | undefined;
}

export class Pieces {
  readonly #open = new Map<bigint, Open>();
  readonly #maxEnvelopeBytes: number;
  #heldBytes = 0;

  constructor(maxEnvelopeBytes: number) {
    this.#maxEnvelopeBytes = maxEnvelopeBytes;
  }

  /** Takes a piece; gives the envelope if it was the last. Throws an McpError beyond a bound. */
  add(piece: Fragment): Envelope | undefined {
    if (piece.state === FragmentState.ABORTED) {
      this.#forget(piece.fragmentId);
      return undefined;
    }
    const open = this.#opened(piece);
    open.parts.push(piece.data);
    open.bytes += piece.data.length;
    this.#heldBytes += piece.data.length;
    this.#refuseExcess(open);
    if (piece.state !== FragmentState.LAST) return undefined;
    this.#forget(piece.fragmentId);
    return whole(open);
  }

  #opened({ fragmentId, totalBytes }: Fragment): Open {
    const known = this.#open.get(fragmentId);
    if (known) return known;
    if (this.#open.size === MAX_OPEN_PIECES) throw invalid("too many envelopes in pieces at once");
    const open = { parts: [], bytes: 0, totalBytes };
    this.#open.set(fragmentId, open);
    return open;
  }

  #refuseExcess({ bytes, totalBytes = BigInt(bytes) }: Open): void {
    const most = this.#maxEnvelopeBytes;
    if (bytes > most || totalBytes > most) throw invalid("an envelope in pieces is too large");
    if (bytes > totalBytes) throw invalid("pieces are more than they were said to be");
    if (this.#heldBytes > 2 * most) throw invalid("all pieces together are too large");
  }

  #forget(id: bigint): void {
    this.#heldBytes -= this.#open.get(id)?.bytes ?? 0;
    this.#open.delete(id);
  }
}

function whole({ parts, bytes, totalBytes = BigInt(bytes) }: Open): Envelope {
  if (totalBytes !== BigInt(bytes)) throw invalid("pieces do not add up to what they were said to");
  try {
    return fromBinary(EnvelopeSchema, new Uint8Array(Buffer.concat(parts)));
  } catch {
    throw invalid("pieces add up to no envelope");
  }
}

function invalid(what: string): McpError {
  const message = `the server broke the binding: ${what}`;
  const reason = "INVALID_FRAME";
  return new McpError({ code: status.INVALID_ARGUMENT, message, reason, domain: SERVICE_DOMAIN });
}
