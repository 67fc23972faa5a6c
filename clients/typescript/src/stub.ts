// The typed calls of a service, made from its generated description. Streams of two directions are
// left out: see session.ts.

import type {
  DescMessage,
  DescMethod,
  DescService,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";

import type { CallOptions, Channel } from "./channel.js";

type Unary<I extends DescMessage, O extends DescMessage> = (
  request: MessageInitShape<I>,
  options?: CallOptions,
) => Promise<MessageShape<O>>;

type ServerStreaming<I extends DescMessage, O extends DescMessage> = (
  request: MessageInitShape<I>,
  options?: CallOptions,
) => AsyncGenerator<MessageShape<O>, void, undefined>;

type Kind<M> = M extends { methodKind: infer K } ? K : never;

type Rpc<M> = M extends { input: infer I extends DescMessage; output: infer O extends DescMessage }
  ? Kind<M> extends "unary"
    ? Unary<I, O>
    : ServerStreaming<I, O>
  : never;

/** The calls of a service by their names; each fails with an McpError. */
export type Stub<S extends { method: Record<string, DescMethod> }> = {
  readonly [Name in keyof S["method"] as Kind<S["method"][Name]> extends
    | "unary"
    | "server_streaming"
    ? Name
    : never]: Rpc<S["method"][Name]>;
};

/** Makes the calls of a service. */
export function createStub<S extends DescService>(service: S, channel: Channel): Stub<S> {
  const calls = service.methods.flatMap((method) => {
    const call = callOf(method, channel);
    return call ? [[method.localName, call] as const] : [];
  });
  return Object.fromEntries(calls) as unknown as Stub<S>;
}

function callOf(method: DescMethod, channel: Channel) {
  switch (method.methodKind) {
    case "unary":
      return channel.unary.bind(channel, method);
    case "server_streaming":
      return channel.serverStreaming.bind(channel, method);
    default:
      return undefined;
  }
}
