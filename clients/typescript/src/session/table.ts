// The requests of a Session: which wait for a place in the server's window, which are under way, and
// how each ends. It does no input or output.

import { status } from "@grpc/grpc-js";

import { fromResponse, McpError, notSent, ofUnsent } from "../errors.js";
import type { Envelope, JsonRpcResponse, RequestId } from "../generated/mcpgrpc/v1/envelope_pb.js";
import type { GoAway, Settings } from "../generated/mcpgrpc/v1/session_pb.js";
import { itemBytesOf } from "./frames.js";
import { cancellationOf, type PendingRequest } from "./request.js";

const DEFAULT_WINDOW = 16;

/** How many requests may wait for a place; more are refused at once. */
const MAX_WAITING = 10_000;

export class RequestTable {
  readonly #push: (item: Uint8Array) => void;
  readonly #flying = new Map<bigint, PendingRequest>();
  #waiting: PendingRequest[] = [];
  #settings: Settings | undefined;
  #taken = 0;
  #sent = 0n;
  #over: McpError | undefined;

  /** `push` takes what is to be written. */
  constructor(push: (item: Uint8Array) => void) {
    this.#push = push;
  }

  /** Why no further request is taken; undefined while they are. */
  get over(): McpError | undefined {
    return this.#over;
  }

  /** Whether nothing but listens waits for an answer. */
  get idle(): boolean {
    return this.#taken === 0 && this.#waiting.length === 0;
  }

  announced(settings: Settings): void {
    this.#settings = settings;
    this.#fill();
  }

  /** Throws an McpError if the request is not taken. */
  submit(request: PendingRequest): void {
    if (this.#over) throw this.#over;
    if (this.#waiting.length >= MAX_WAITING) {
      throw notSent(status.RESOURCE_EXHAUSTED, "too many requests wait for the server's window");
    }
    // A listen takes no place, so it waits for none.
    this.#waiting.splice(request.listens ? 0 : this.#waiting.length, 0, request);
    this.#fill();
  }

  /** Gives a request up. Its place stays taken until the server settles it. */
  abandon(request: PendingRequest, code: status, message: string): void {
    const at = this.#waiting.indexOf(request);
    if (at >= 0) {
      this.#waiting.splice(at, 1);
      request.settle.reject(notSent(code, message));
      return;
    }
    for (const [id, flying] of this.#flying) {
      if (flying === request) this.#push(cancellationOf(id));
    }
    request.onNotification = undefined;
    request.settle.reject(new McpError({ code, message }));
  }

  /** Takes an answer, or what is said about a request before it; anything else is not for it. */
  receive({ message, relatedRequestId }: Envelope): void {
    if (message.case === "response") {
      this.#answered(message.value);
    } else if (message.case === "notification") {
      const { method, paramsJson = "{}" } = message.value;
      const listener = this.#flying.get(numberOf(relatedRequestId))?.onNotification;
      // Not here: what it throws is not the stream's.
      if (listener) queueMicrotask(() => listener(method, paramsJson));
    }
  }

  /** Takes the word that a cancelled request is over. */
  settled(id: RequestId | undefined): void {
    const message = "the request was cancelled";
    this.#take(id)?.settle.reject(new McpError({ code: status.CANCELLED, message }));
    this.#fill();
  }

  goAway({ acceptedRequests }: GoAway): void {
    const message = "the server drains the stream: open another";
    const why = notSent(status.UNAVAILABLE, message, "DRAINING");
    this.refuse(why);
    for (const id of this.#flying.keys()) if (id > acceptedRequests) this.#fail(id, why);
  }

  /** Takes no further requests, and fails those that wait. */
  refuse(why: McpError): void {
    this.#over ??= why;
    for (const request of this.#waiting.splice(0)) request.settle.reject(why);
  }

  /** Fails everything: what was never sent has not run. */
  end(why: McpError): void {
    this.refuse(ofUnsent(why));
    for (const id of this.#flying.keys()) this.#fail(id, why);
  }

  #answered(response: JsonRpcResponse): void {
    const { outcome } = response;
    const request = this.#take(response.id);
    if (outcome.case === "error") {
      request?.settle.reject(fromResponse(response, outcome.value));
    } else if (outcome.case === "resultJson" && outcome.value.trimStart().startsWith("{")) {
      request?.settle.resolve(outcome.value);
    } else {
      const message = "the server answered with a result that is no JSON object";
      request?.settle.reject(new McpError({ code: status.INTERNAL, message }));
    }
    this.#fill();
  }

  #fill(): void {
    while (this.#settings && this.#hasPlace(this.#settings)) {
      const next = this.#waiting.shift();
      if (next) this.#send(next, itemBytesOf(this.#settings));
    }
  }

  #hasPlace({ maxInFlight }: Settings): boolean {
    const next = this.#waiting[0];
    return !!next && (next.listens || this.#taken < (maxInFlight || DEFAULT_WINDOW));
  }

  #send(request: PendingRequest, maxBytes: number): void {
    const id = this.#sent + 1n;
    try {
      const item = request.item(id);
      if (item.length > maxBytes) {
        const message = `the request has ${item.length} bytes, and the server takes ${maxBytes}`;
        throw notSent(status.RESOURCE_EXHAUSTED, message, "MESSAGE_TOO_LARGE");
      }
      this.#push(item);
    } catch (error) {
      request.settle.reject(error);
      return;
    }
    this.#sent = id;
    this.#flying.set(id, request);
    if (!request.listens) this.#taken += 1;
  }

  #take(id: RequestId | undefined): PendingRequest | undefined {
    const number = numberOf(id);
    const request = this.#flying.get(number);
    if (this.#flying.delete(number) && !request?.listens) this.#taken -= 1;
    return request;
  }

  #fail(id: bigint, why: McpError): void {
    const request = this.#flying.get(id);
    this.#flying.delete(id);
    if (!request?.listens) this.#taken -= 1;
    request?.settle.reject(why);
  }
}

/** 0 is no request of this package. */
function numberOf(id: RequestId | undefined): bigint {
  return id?.value.case === "integer" ? id.value.value : 0n;
}
