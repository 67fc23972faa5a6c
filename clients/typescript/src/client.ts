// A connection to a server, with every stub of the binding. It is a thin front: requests and results
// are the generated messages, and it has no model of MCP of its own.

import {
  CallCredentials,
  ChannelCredentials,
  type ChannelOptions,
  Client as GrpcClient,
  credentials,
  Metadata,
} from "@grpc/grpc-js";

import { type CallOptions, Channel } from "./channel.js";
import { CompletionService } from "./generated/mcpgrpc/v1/completion_service_pb.js";
import { DiscoveryService } from "./generated/mcpgrpc/v1/discovery_service_pb.js";
import { McpService } from "./generated/mcpgrpc/v1/mcp_service_pb.js";
import { PromptsService } from "./generated/mcpgrpc/v1/prompts_service_pb.js";
import { ResourcesService } from "./generated/mcpgrpc/v1/resources_service_pb.js";
import { SubscriptionsService } from "./generated/mcpgrpc/v1/subscriptions_service_pb.js";
import { ToolsService } from "./generated/mcpgrpc/v1/tools_service_pb.js";
import { serviceConfig } from "./generated/service_config.js";
import { pages } from "./pages.js";
import type { Session } from "./session.js";
import { openSession } from "./session/opening.js";
import { createStub } from "./stub.js";

/** How long a call with one answer may take if it does not say. */
export const DEFAULT_TIMEOUT_MS = 30_000;

/** The largest message that is read; a Session announces it. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** Files of TLS, as PEM. */
export interface TlsOptions {
  /** Authorities to trust in the place of Node's own. */
  roots?: Buffer;
  /** A certificate of the client's, with its key. */
  certificate?: Buffer;
  key?: Buffer;
}

export interface McpClientOptions {
  /** Left out, TLS with the authorities that Node.js trusts. */
  tls?: TlsOptions;
  /** No TLS: for loopback, or behind a mesh that encrypts. No credential is sent then. */
  plaintext?: boolean;
  /** Sent as `authorization: Bearer`; a function is asked for each call. */
  bearerToken?: string | (() => string | Promise<string>);
  /** Sent as `x-api-key`. */
  apiKey?: string;
  /** In the place of DEFAULT_TIMEOUT_MS; `Infinity` for none. */
  timeoutMs?: number;
  /** Options of grpc-js. */
  channelOptions?: ChannelOptions;
}

/** Calls a server at a target such as "mcp.example.com:443". It connects with the first call. */
export class McpClient {
  readonly #channel: Channel;
  readonly mcp;
  readonly tools;
  readonly resources;
  readonly prompts;
  readonly completion;
  readonly discovery;
  readonly subscriptions;

  /** Throws a TypeError where the options contradict each other. */
  constructor(target: string, options: McpClientOptions = {}) {
    const grpc = new GrpcClient(target, credentialsOf(options), channelOptionsOf(options));
    const channel = new Channel(grpc, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    this.#channel = channel;
    this.mcp = createStub(McpService, channel);
    this.tools = createStub(ToolsService, channel);
    this.resources = createStub(ResourcesService, channel);
    this.prompts = createStub(PromptsService, channel);
    this.completion = createStub(CompletionService, channel);
    this.discovery = createStub(DiscoveryService, channel);
    this.subscriptions = createStub(SubscriptionsService, channel);
  }

  /** Every tool, page by page. */
  eachTool(options?: CallOptions) {
    const fetch = (cursor: { cursor?: string }) => this.tools.listTools(cursor, options);
    return pages(fetch, (page) => page.tools);
  }

  /** Every resource, page by page. */
  eachResource(options?: CallOptions) {
    const fetch = (cursor: { cursor?: string }) => this.resources.listResources(cursor, options);
    return pages(fetch, (page) => page.resources);
  }

  /** Every template of resources, page by page. */
  eachResourceTemplate(options?: CallOptions) {
    const fetch = (cursor: { cursor?: string }) =>
      this.resources.listResourceTemplates(cursor, options);
    return pages(fetch, (page) => page.resourceTemplates);
  }

  /** Every prompt, page by page. */
  eachPrompt(options?: CallOptions) {
    const fetch = (cursor: { cursor?: string }) => this.prompts.listPrompts(cursor, options);
    return pages(fetch, (page) => page.prompts);
  }

  /**
   * Opens a stream for many requests at once, and waits for the server's Settings. The options bound
   * the opening; the stream outlives them.
   */
  openSession(options?: CallOptions): Promise<Session> {
    return openSession(this.#channel, MAX_MESSAGE_BYTES, options);
  }

  /** What the stubs call through, for services of other packages. */
  get grpc(): GrpcClient {
    return this.#channel.grpc;
  }

  /** Takes no further calls; those under way finish. */
  close(): void {
    this.#channel.grpc.close();
  }
}

function channelOptionsOf(options: McpClientOptions): ChannelOptions {
  return {
    "grpc.service_config": JSON.stringify(serviceConfig),
    // A name server could otherwise have tools called twice.
    "grpc.service_config_disable_resolution": 1,
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    ...options.channelOptions,
  };
}

function credentialsOf(options: McpClientOptions): ChannelCredentials {
  const secret = secretOf(options);
  if (options.plaintext) {
    if (secret) throw new TypeError("a credential is not sent in plaintext: leave out `plaintext`");
    if (options.tls) throw new TypeError("`plaintext` and `tls` exclude each other");
    return credentials.createInsecure();
  }
  const { roots = null, key = null, certificate = null } = options.tls ?? {};
  const secured = credentials.createSsl(roots, key, certificate);
  return secret ? credentials.combineChannelCredentials(secured, secret) : secured;
}

function secretOf({ bearerToken, apiKey }: McpClientOptions): CallCredentials | undefined {
  if (bearerToken !== undefined && apiKey !== undefined) {
    throw new TypeError("`bearerToken` and `apiKey` exclude each other");
  }
  if (apiKey !== undefined) return metadataFrom(async () => ["x-api-key", apiKey]);
  if (bearerToken === undefined) return undefined;
  const source = typeof bearerToken === "string" ? () => bearerToken : bearerToken;
  return metadataFrom(async () => ["authorization", `Bearer ${await source()}`]);
}

function metadataFrom(source: () => Promise<[string, string]>): CallCredentials {
  return credentials.createFromMetadataGenerator((_, done) => {
    source().then(
      ([name, value]) => {
        const metadata = new Metadata();
        metadata.set(name, value);
        done(null, metadata);
      },
      (error: Error) => done(error),
    );
  });
}
