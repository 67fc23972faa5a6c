// A server of this side's own, for what no good server does. It holds no test.

import assert from "node:assert/strict";
import type { TestContext } from "node:test";

import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import {
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type UntypedHandleCall,
} from "@grpc/grpc-js";

import {
  type ClientItem,
  McpService,
  ServerItemSchema,
  type SessionRequest,
  type SessionResponse,
  SessionResponseSchema,
} from "../src/index.js";

/** Serves methods on loopback until the test ends; gives the address. */
export async function serve(
  t: TestContext,
  handlers: [DescMethod, UntypedHandleCall][],
): Promise<string> {
  const server = new Server();
  for (const [method, handler] of handlers) {
    server.addService({ [method.name]: definitionOf(method) }, { [method.name]: handler });
  }
  t.after(() => server.forceShutdown());
  const port = await new Promise<number>((resolve, reject) => {
    const bound = (error: Error | null, at: number) => (error ? reject(error) : resolve(at));
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), bound);
  });
  return `127.0.0.1:${port}`;
}

function definitionOf(method: DescMethod): MethodDefinition<unknown, unknown> {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: method.methodKind === "bidi_streaming",
    responseStream: method.methodKind !== "unary",
    ...codec("request", method.input),
    ...codec("response", method.output),
  } as MethodDefinition<unknown, unknown>;
}

function codec<Desc extends DescMessage>(side: string, desc: Desc) {
  return {
    [`${side}Serialize`]: (message: MessageShape<Desc>) => Buffer.from(toBinary(desc, message)),
    [`${side}Deserialize`]: (bytes: Buffer) => fromBinary(desc, bytes),
  };
}

/** The server's end of one Session. */
export class ScriptedSession {
  readonly frames: SessionRequest[] = [];
  readonly #stream: ServerDuplexStream<SessionRequest, SessionResponse>;
  readonly #items: ClientItem["item"][] = [];
  #wake: () => void = () => undefined;

  constructor(stream: ServerDuplexStream<SessionRequest, SessionResponse>) {
    this.#stream = stream;
    stream.on("error", () => undefined);
    stream.on("data", (frame: SessionRequest) => {
      this.frames.push(frame);
      this.#items.push(...frame.items.map(({ item }) => item));
      this.#wake();
    });
  }

  /** How many items have come that nobody has taken. */
  get waiting(): number {
    return this.#items.length;
  }

  /** The next item of the client's, once it has come. */
  async next(): Promise<ClientItem["item"]> {
    while (this.#items.length === 0) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#items.shift() ?? { case: undefined };
  }

  /** The id of the next item, which must be a request. */
  async nextRequest(): Promise<bigint> {
    const item = await this.next();
    assert.equal(item.case, "envelope");
    assert.equal(item.value.message.case, "request");
    const id = item.value.message.value.id?.value;
    assert.equal(id?.case, "integer");
    return id.value;
  }

  /** Sends one frame. */
  send(...items: MessageInitShape<typeof ServerItemSchema>["item"][]): void {
    const held = items.map((item) => create(ServerItemSchema, item ? { item } : {}));
    this.#stream.write(create(SessionResponseSchema, { items: held }));
  }

  /** Ends the stream OK. */
  end(): void {
    this.#stream.end();
  }

  /** Ends the stream with a status. */
  fail(code: number, details: string): void {
    this.#stream.emit("error", { code, details });
  }
}

/** Serves one Session; gives its address and, once it is opened, its server's end. */
export async function serveSession(
  t: TestContext,
): Promise<{ address: string; session: Promise<ScriptedSession> }> {
  let opened!: (session: ScriptedSession) => void;
  const session = new Promise<ScriptedSession>((resolve) => (opened = resolve));
  const handler = (stream: ServerDuplexStream<SessionRequest, SessionResponse>) =>
    opened(new ScriptedSession(stream));
  const address = await serve(t, [[McpService.method.session, handler as UntypedHandleCall]]);
  return { address, session };
}

/** A response to a request, as an item. */
export function answer(id: bigint, resultJson = "{}") {
  const value = {
    id: { value: { case: "integer" as const, value: id } },
    outcome: { case: "resultJson" as const, value: resultJson },
  };
  const message = { case: "response" as const, value };
  return { case: "envelope" as const, value: { message } };
}
