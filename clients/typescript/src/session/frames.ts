// The frames that a Session writes: what waits goes out together, and an idle stream has its
// keep-alives. It does not know which request a message belongs to.

import type { MessageInitShape } from "@bufbuild/protobuf";
import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

import { ClientItemSchema, type Settings } from "../generated/mcpgrpc/v1/session_pb.js";

const MAX_FRAME_ITEMS = 32;
const WANTED_FRAME_BYTES = 64 * 1024;

/** More than the tags and lengths around an item take. */
export const ITEM_OVERHEAD_BYTES = 16;

const DEFAULT_FRAME_BYTES = 4 * 1024 * 1024;
const KEEPALIVE_SECONDS = 30;

/** An item of a frame, serialised once. */
export function serialized(item: MessageInitShape<typeof ClientItemSchema>["item"]): Uint8Array {
  return toBinary(ClientItemSchema, create(ClientItemSchema, item ? { item } : {}));
}

/** What a Session of this package accepts. It takes no requests of a server. */
export function ownSettings(maxMessageBytes: number, maxOpenPieces: number): Uint8Array {
  const value = {
    maxFrameBytes: maxMessageBytes,
    maxEnvelopeBytes: BigInt(maxMessageBytes),
    maxOpenFragments: maxOpenPieces,
    keepaliveInterval: { seconds: BigInt(KEEPALIVE_SECONDS) },
  };
  return serialized({ case: "settings", value });
}

/** The largest item that a server takes, by its Settings. */
export function itemBytesOf({ maxFrameBytes, maxEnvelopeBytes }: Settings): number {
  const room = (maxFrameBytes || DEFAULT_FRAME_BYTES) - ITEM_OVERHEAD_BYTES;
  return maxEnvelopeBytes ? Math.min(room, Number(maxEnvelopeBytes)) : room;
}

interface Sink {
  write(frame: Uint8Array, written: () => void): unknown;
  end(): unknown;
}

/** Writes items, one frame at a time. */
export class FrameWriter {
  readonly #sink: Sink;
  readonly #beat: NodeJS.Timeout;
  #items: Uint8Array[] = [];
  #writing = false;
  #ending = false;

  constructor(sink: Sink) {
    this.#sink = sink;
    this.#beat = setInterval(() => this.#keepAlive(), (KEEPALIVE_SECONDS * 2000) / 3).unref();
  }

  /** What is pushed before the caller awaits anything goes into one frame, as far as it has room. */
  push(item: Uint8Array): void {
    this.#items.push(item);
    if (this.#items.length === 1) queueMicrotask(() => this.#writeNext());
  }

  /** Half-closes the stream behind what waits. */
  end(): void {
    this.#ending = true;
    this.#writeNext();
  }

  /** Writes nothing further. */
  stop(): void {
    clearInterval(this.#beat);
    this.#items = [];
    this.#writing = true;
  }

  #writeNext(): void {
    if (this.#writing) return;
    if (this.#items.length) {
      this.#write(joined(this.#items.splice(0, fitting(this.#items))));
    } else if (this.#ending) {
      this.stop();
      this.#sink.end();
    }
  }

  #write(frame: Uint8Array): void {
    this.#writing = true;
    this.#sink.write(frame, () => {
      this.#writing = false;
      this.#writeNext();
    });
  }

  #keepAlive(): void {
    if (!this.#writing) this.#write(new Uint8Array());
  }
}

/** How many of the items that wait go into the next frame: one at least. */
export function fitting(items: Uint8Array[]): number {
  let room = WANTED_FRAME_BYTES;
  const over = items.findIndex((item) => (room -= item.length + ITEM_OVERHEAD_BYTES) < 0);
  return Math.min(over < 0 ? items.length : Math.max(over, 1), MAX_FRAME_ITEMS);
}

/** A SessionRequest, whose only field is its list of items. */
function joined(items: Uint8Array[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const item of items) writer.tag(1, WireType.LengthDelimited).bytes(item);
  return writer.finish();
}
