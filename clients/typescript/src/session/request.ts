// A request of a Session, before and while it is under way. Which requests may be sent is the
// table's to say.

import { status } from "@grpc/grpc-js";

import { notSent } from "../errors.js";
import { serialized } from "./frames.js";

const LISTEN_METHOD = "subscriptions/listen";

/** What the modern era demands of each request. */
const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** What one request of a Session may say. */
export interface SessionCallOptions {
  /** How long it may take; the client's otherwise, and for ever if it is a listen. */
  timeoutMs?: number;
  /** Cancels it, at the server as well. */
  signal?: AbortSignal;
  /** Hears what belongs to the request, such as its progress, before its answer. */
  onNotification?: (method: string, paramsJson: string) => void;
}

export class PendingRequest {
  readonly listens: boolean;
  readonly timeoutMs: number;
  readonly #ends: number;
  readonly #paramsJson: string;

  /** Throws an McpError if the params are no JSON object, or no time is left. */
  constructor(
    readonly method: string,
    paramsJson: string,
    readonly settle: {
      resolve(resultJson: string): void;
      reject(error: unknown): void;
    },
    public onNotification: SessionCallOptions["onNotification"],
    timeoutMs: number,
  ) {
    if (!objectOf(paramsJson)) {
      throw notSent(status.INVALID_ARGUMENT, "the params of a request are no JSON object");
    }
    this.#paramsJson = paramsJson;
    this.listens = method === LISTEN_METHOD;
    this.timeoutMs = timeoutMs;
    this.#ends = performance.now() + timeoutMs;
  }

  /** The request as an item of a frame; throws an McpError if no time is left. */
  item(id: bigint): Uint8Array {
    const left = this.#ends - performance.now();
    if (!(left > 0))
      throw notSent(status.DEADLINE_EXCEEDED, "no time was left to send the request");
    // Progress is asked for where somebody hears it.
    const meta = this.onNotification ? { ...META, progressToken: Number(id) } : META;
    const paramsJson = withMeta(this.#paramsJson, meta);
    const request = { id: integer(id), method: this.method, paramsJson };
    const message = { case: "request" as const, value: request };
    const value = { message, ...(left < Infinity && { timeout: durationOf(left) }) };
    return serialized({ case: "envelope", value });
  }
}

/** Tells the server that nobody waits for a request any more. */
export function cancellationOf(id: bigint): Uint8Array {
  const value = { method: "notifications/cancelled", paramsJson: `{"requestId":${id}}` };
  return serialized({ case: "envelope", value: { message: { case: "notification", value } } });
}

function integer(value: bigint) {
  return { value: { case: "integer" as const, value } };
}

function durationOf(milliseconds: number) {
  const whole = Math.floor(milliseconds / 1000);
  return { seconds: BigInt(whole), nanos: Math.floor((milliseconds - whole * 1000) * 1e6) };
}

/** The text with `_meta`, if it has none; otherwise as it is, since numbers would lose digits. */
function withMeta(paramsJson: string, meta: object): string {
  const params = objectOf(paramsJson) ?? {};
  if ("_meta" in params) return paramsJson;
  const members = paramsJson.trim().slice(1);
  return `{"_meta":${JSON.stringify(meta)}${Object.keys(params).length ? "," : ""}${members}`;
}

function objectOf(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
