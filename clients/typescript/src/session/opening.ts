// The opening of a Session, which is bounded in time. What happens on it then is the Session's.

import { Metadata, status } from "@grpc/grpc-js";

import type { CallOptions, Channel } from "../channel.js";
import { notSent } from "../errors.js";
import { McpService } from "../generated/mcpgrpc/v1/mcp_service_pb.js";
import { Session } from "../session.js";

/** Opens a stream and waits for the server's Settings; the options bound the opening alone. */
export async function openSession(
  channel: Channel,
  maxMessageBytes: number,
  { timeoutMs = channel.timeoutMs, signal, metadata = new Metadata() }: CallOptions = {},
): Promise<Session> {
  if (signal?.aborted) throw notSent(status.CANCELLED, "the opening was cancelled");
  const sent = metadata.clone();
  sent.set("mcpgrpc-era", "modern");
  const stream = channel.bidiStreaming(McpService.method.session, sent);
  const session = new Session(stream, maxMessageBytes, channel.timeoutMs);
  const giveUp = (code: status, why: string) => session.abort(notSent(code, why));
  const late = () => giveUp(status.DEADLINE_EXCEEDED, "the server sent no Settings in time");
  const cancel = () => giveUp(status.CANCELLED, "the opening was cancelled");
  const timer = timeoutMs < Infinity ? setTimeout(late, timeoutMs) : undefined;
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    await session.opened;
    return session;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", cancel);
  }
}
