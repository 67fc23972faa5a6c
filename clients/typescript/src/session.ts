// A stream that carries many requests of the modern era at once: its calls, what comes on it, its
// end. It does not reconnect: when a call fails and its error is `notStarted`, open another.

import { type ClientDuplexStream, status } from "@grpc/grpc-js";

import { messagesOf, withResolvers } from "./channel.js";
import { fromFailure, McpError, notSent, ofStream, ofUnsent, SERVICE_DOMAIN } from "./errors.js";
import type { SessionResponse } from "./generated/mcpgrpc/v1/mcp_service_pb.js";
import type { ServerItem, Settings } from "./generated/mcpgrpc/v1/session_pb.js";
import { FrameWriter, ownSettings } from "./session/frames.js";
import { MAX_OPEN_PIECES, Pieces } from "./session/pieces.js";
import { PendingRequest, type SessionCallOptions } from "./session/request.js";
import { RequestTable } from "./session/table.js";
import { milliseconds } from "./status_details.js";

export type { SessionCallOptions } from "./session/request.js";

/** Waited for an answer beyond the time that the server was told to take. */
const GRACE_MS = 1_000;
const MISSED_KEEPALIVES = 3;

export class Session {
  /** Settled when the server's Settings have come. @internal */
  readonly opened: Promise<void>;
  readonly #stream: ClientDuplexStream<Uint8Array, SessionResponse>;
  readonly #writer: FrameWriter;
  readonly #pieces: Pieces;
  readonly #table: RequestTable;
  readonly #timeoutMs: number;
  readonly #ended: Promise<McpError | undefined>;
  readonly #opened: () => void;
  #aborted: McpError | undefined;
  #closing = false;
  #silence: NodeJS.Timeout | undefined;

  /** @internal */
  constructor(
    stream: ClientDuplexStream<Uint8Array, SessionResponse>,
    maxMessageBytes: number,
    timeoutMs: number,
  ) {
    this.#stream = stream;
    this.#timeoutMs = timeoutMs;
    this.#writer = new FrameWriter(stream);
    this.#pieces = new Pieces(maxMessageBytes);
    this.#table = new RequestTable((item) => this.#writer.push(item));
    const { promise, resolve, reject } = withResolvers<void>();
    [this.opened, this.#opened] = [promise, resolve];
    this.#writer.push(ownSettings(maxMessageBytes, MAX_OPEN_PIECES));
    this.#ended = this.#read(reject);
  }

  /** Why no further request is taken; undefined while they are. */
  get over(): McpError | undefined {
    return this.#table.over;
  }

  /**
   * Sends a request as soon as the server's window has a place, and gives the JSON text of its
   * result. `_meta` is added to params that lack it, and asks for progress if it is heard.
   */
  async call(method: string, paramsJson = "{}", options: SessionCallOptions = {}): Promise<string> {
    const { signal, onNotification } = options;
    if (signal?.aborted) throw notSent(status.CANCELLED, "the request was cancelled before");
    const { promise, ...settle } = withResolvers<string>();
    const { timeoutMs = method === "subscriptions/listen" ? Infinity : this.#timeoutMs } = options;
    const request = new PendingRequest(method, paramsJson, settle, onNotification, timeoutMs);
    this.#table.submit(request);
    const cancel = () => this.#table.abandon(request, status.CANCELLED, "it was cancelled");
    signal?.addEventListener("abort", cancel, { once: true });
    const timer = this.#giveUpLater(request);
    return promise.finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", cancel);
      if (this.#closing && this.#table.idle) this.#writer.end();
    });
  }

  /** Takes no further requests, and ends the stream when those under way have. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#table.refuse(notSent(status.UNAVAILABLE, "this client has closed the session"));
    if (this.#table.idle) this.#writer.end();
    const failure = await this.#ended;
    if (failure) throw failure;
  }

  /** Ends the stream at once, which cancels every request at the server. */
  abort(why = new McpError({ code: status.CANCELLED, message: "the session was aborted" })): void {
    this.#aborted ??= why;
    this.#stream.cancel();
  }

  #giveUpLater(request: PendingRequest): NodeJS.Timeout | undefined {
    if (request.timeoutMs === Infinity) return undefined;
    const code = status.DEADLINE_EXCEEDED;
    const giveUp = () => this.#table.abandon(request, code, "the server did not answer in time");
    return setTimeout(giveUp, request.timeoutMs + GRACE_MS);
  }

  /** Gives why the stream failed, if it did. */
  async #read(failOpening: (error: McpError) => void): Promise<McpError | undefined> {
    let failure: McpError | undefined;
    try {
      for await (const frame of messagesOf(this.#stream)) {
        this.#silence?.refresh();
        for (const item of frame.items) this.#receive(item.item);
      }
    } catch (error) {
      failure = this.#aborted ?? ofStream(fromFailure(error));
    }
    clearTimeout(this.#silence);
    this.#writer.stop();
    const why = failure ?? notSent(status.UNAVAILABLE, "the server has ended the stream");
    this.#table.end(why);
    failOpening(ofUnsent(why));
    return failure;
  }

  #receive(item: ServerItem["item"]): void {
    switch (item.case) {
      case "settings":
        return this.#announced(item.value);
      case "envelope":
        return this.#table.receive(item.value);
      case "fragment": {
        const envelope = this.#pieces.add(item.value);
        return envelope && this.#table.receive(envelope);
      }
      case "requestSettled":
        return this.#table.settled(item.value.requestId);
      case "goAway":
        return this.#table.goAway(item.value);
    }
  }

  #announced(settings: Settings): void {
    clearTimeout(this.#silence);
    const promised = settings.keepaliveInterval ? milliseconds(settings.keepaliveInterval) : 0;
    if (promised > 0) {
      const message = "the server's keep-alives stayed away";
      const facts = { reason: "STREAM_IDLE", domain: SERVICE_DOMAIN, code: status.ABORTED };
      const giveUp = () => this.abort(new McpError({ ...facts, message }));
      this.#silence = setTimeout(giveUp, MISSED_KEEPALIVES * promised).unref();
    }
    this.#table.announced(settings);
    this.#opened();
  }
}
