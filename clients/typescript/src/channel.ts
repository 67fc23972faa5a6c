// Carries messages of protobuf-es over the generic client of grpc-js, with deadlines, cancellation
// and errors of this package. It knows no method of MCP.

import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { type CallOptions as GrpcCallOptions, Client, Metadata, status } from "@grpc/grpc-js";
import type { ClientDuplexStream, ClientReadableStream } from "@grpc/grpc-js";

import { fromFailure, notSent } from "./errors.js";

/** What one call may say. */
export interface CallOptions {
  /** How long it may take; `Infinity` for ever. A call with one answer has the client's otherwise. */
  timeoutMs?: number;
  /** Cancels it, at the server as well. */
  signal?: AbortSignal;
  /** Sent along. */
  metadata?: Metadata;
}

/** A method with its messages' types. */
export type Method<I extends DescMessage, O extends DescMessage> = DescMethod & {
  input: I;
  output: O;
};

/** A connection, or several, that calls are made on. */
export class Channel {
  constructor(
    readonly grpc: Client,
    readonly timeoutMs: number,
  ) {}

  async unary<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    init: MessageInitShape<I>,
    options: CallOptions = {},
  ): Promise<MessageShape<O>> {
    const checked = check({ ...options, timeoutMs: options.timeoutMs ?? this.timeoutMs });
    const request = create(method.input, init);
    const { promise, resolve, reject } = withResolvers<MessageShape<O>>();
    const call = this.grpc.makeUnaryRequest(
      pathOf(method),
      serializerOf(method.input),
      deserializerOf(method.output),
      request,
      metadataOf(options),
      checked,
      (error, answer) => (answer === undefined ? reject(fromFailure(error)) : resolve(answer)),
    );
    const stopFollowing = cancelWith(options.signal, call);
    return promise.finally(stopFollowing);
  }

  /** Begins at once; leaving the iteration cancels the call. */
  serverStreaming<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    init: MessageInitShape<I>,
    options: CallOptions = {},
  ): AsyncGenerator<MessageShape<O>, void, undefined> {
    const checked = check(options);
    const call = this.grpc.makeServerStreamRequest(
      pathOf(method),
      serializerOf(method.input),
      deserializerOf(method.output),
      create(method.input, init),
      metadataOf(options),
      checked,
    );
    return messagesOf(call, cancelWith(options.signal, call));
  }

  /** Takes requests that are serialised already. */
  bidiStreaming<O extends DescMessage>(
    method: Method<DescMessage, O>,
    metadata: Metadata,
  ): ClientDuplexStream<Uint8Array, MessageShape<O>> {
    return this.grpc.makeBidiStreamRequest(
      pathOf(method),
      bufferOf,
      deserializerOf(method.output),
      metadata,
    );
  }
}

/** The messages of a stream, from now on; it ends with an McpError if the stream failed. */
export function messagesOf<Message>(
  call: ClientReadableStream<Message>,
  atEnd: () => void = () => undefined,
): AsyncGenerator<Message, void, undefined> {
  // Heard at once: grpc-js emits it once, and nobody may be iterating yet.
  const failures: unknown[] = [];
  call.on("error", (error: unknown) => failures.push(error));
  call.once("status", atEnd);
  return iterate(call, failures);
}

async function* iterate<Message>(
  call: ClientReadableStream<Message>,
  failures: unknown[],
): AsyncGenerator<Message, void, undefined> {
  try {
    yield* call as AsyncIterable<Message>;
  } catch (error) {
    failures.push(error);
  } finally {
    call.cancel();
  }
  if (failures.length) throw fromFailure(failures[0]);
}

/** What gRPC is told; throws where it need not be asked. */
function check({ timeoutMs = Infinity, signal }: CallOptions): GrpcCallOptions {
  if (signal?.aborted) throw notSent(status.CANCELLED, "the call was cancelled before it began");
  if (!(timeoutMs > 0)) {
    throw notSent(status.DEADLINE_EXCEEDED, "the call had no time left when it began");
  }
  return timeoutMs === Infinity ? {} : { deadline: Date.now() + timeoutMs };
}

/** Follows a signal until the function that it gives is called. */
export function cancelWith(signal: AbortSignal | undefined, call: { cancel(): void }): () => void {
  const cancel = () => call.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  return () => signal?.removeEventListener("abort", cancel);
}

/** Promise.withResolvers, which Node.js 20 has not. */
export function withResolvers<Value>() {
  let resolve!: (value: Value) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<Value>((fulfil, fail) => {
    resolve = fulfil;
    reject = fail;
  });
  return { promise, resolve, reject };
}

function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

function metadataOf(options: CallOptions): Metadata {
  return options.metadata ?? new Metadata();
}

function serializerOf<Desc extends DescMessage>(schema: Desc) {
  return (message: MessageShape<Desc>) => bufferOf(toBinary(schema, message));
}

function deserializerOf<Desc extends DescMessage>(schema: Desc) {
  // Not the Buffer itself: fields of bytes would be Buffers.
  return (bytes: Buffer): MessageShape<Desc> =>
    fromBinary(schema, new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
