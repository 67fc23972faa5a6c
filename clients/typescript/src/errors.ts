// What a failed call says: the status of gRPC, whose error it is, and whether it may be sent again.
// A tool that fails is none of it: see CallToolResult.isError.

import { type ServiceError, status } from "@grpc/grpc-js";

import { ErrorReason, Execution } from "./generated/mcpgrpc/v1/errors_pb.js";
import type { JsonRpcError, JsonRpcResponse } from "./generated/mcpgrpc/v1/envelope_pb.js";
import { readStatusDetails, type StatusDetails } from "./status_details.js";

/** The domain of what the service says about itself: a refusal. */
export const SERVICE_DOMAIN = "mcpgrpc";

/** The domain of an error of MCP, mostly the application's. */
export const MCP_DOMAIN = "mcp";

/** What an McpError is made of. */
export interface McpErrorFacts {
  /** The status. */
  code: status;
  /** A sentence for people. */
  message: string;
  /** SERVICE_DOMAIN, MCP_DOMAIN, or "" where a proxy or gRPC itself has failed the call. */
  domain?: string;
  /** A name of the binding, such as "DRAINING" or "INVALID_PARAMS"; it may be an unknown one. */
  reason?: string;
  /** What is known: NOT_STARTED, and then it is safe to send again, or MAYBE. */
  execution?: Execution;
  /** The JSON-RPC code of an error of MCP. */
  rpcCode?: bigint | undefined;
  /** The JSON text of an MCP error's data, or of a refusal's on a Session. */
  dataJson?: string | undefined;
  /** The size of data that had no room; the same request on a Session brings it. */
  dataBytes?: number | undefined;
  /** When to try again, if the server says so. */
  retryAfterMs?: number | undefined;
  /** What was caught. */
  cause?: unknown;
}

/** What every failed call throws. */
export class McpError extends Error {
  override readonly name = "McpError";
  readonly code: status;
  readonly domain: string;
  readonly reason: string;
  readonly execution: Execution;
  readonly rpcCode: bigint | undefined;
  readonly dataJson: string | undefined;
  readonly dataBytes: number | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(facts: McpErrorFacts) {
    super(facts.message, { cause: facts.cause });
    this.code = facts.code;
    this.domain = facts.domain ?? "";
    this.reason = facts.reason ?? "";
    this.execution = facts.execution ?? Execution.MAYBE;
    this.rpcCode = facts.rpcCode;
    this.dataJson = facts.dataJson;
    this.dataBytes = facts.dataBytes;
    this.retryAfterMs = facts.retryAfterMs;
  }

  /** Whether nothing has run, so that the request may be sent again. */
  get notStarted(): boolean {
    return this.execution === Execution.NOT_STARTED;
  }
}

/** The same error, of a request of which it is certain that it has not run. */
export function ofUnsent(error: McpError): McpError {
  return new McpError({ ...error, message: error.message, execution: Execution.NOT_STARTED });
}

/** An error that this package has found by itself, about something that has not run. */
export function notSent(code: status, message: string, reason = ""): McpError {
  const domain = reason && SERVICE_DOMAIN;
  return new McpError({ code, message, domain, reason, execution: Execution.NOT_STARTED });
}

/** A connection that broke has a reason of the binding as well, which clients say themselves. */
export function ofStream(error: McpError): McpError {
  if (error.code !== status.UNAVAILABLE || error.domain) return error;
  const facts = { reason: "CONNECTION_LOST", domain: SERVICE_DOMAIN };
  return new McpError({ ...error, ...facts, message: error.message });
}

/** Makes an McpError of whatever a call of grpc-js has failed with. */
export function fromFailure(failure: unknown): McpError {
  if (failure instanceof McpError) return failure;
  if (!isServiceError(failure)) {
    return new McpError({ code: status.UNKNOWN, message: String(failure), cause: failure });
  }
  const { code, details: message } = failure;
  const bytes = failure.metadata.get("grpc-status-details-bin")[0];
  const details = typeof bytes === "object" ? readStatusDetails(bytes) : undefined;
  return new McpError({ code, message, cause: failure, ...(details && explain(details)) });
}

/** Makes an McpError of an error on a Session, as a typed call would give it. */
export function fromResponse(response: JsonRpcResponse, error: JsonRpcError): McpError {
  const { message, dataJson } = error;
  if (response.reason === ErrorReason.UNSPECIFIED) {
    const [code, reason] = STATUSES.get(error.code) ?? [status.UNKNOWN, "APPLICATION_ERROR"];
    return new McpError({
      ...{ code, message, dataJson, reason, domain: MCP_DOMAIN, rpcCode: error.code },
    });
  }
  return new McpError({
    ...{ code: Number(error.code), message, dataJson, domain: SERVICE_DOMAIN },
    reason: ErrorReason[response.reason] ?? "",
    execution: executionOf(response.execution === Execution.NOT_STARTED),
    retryAfterMs: retryAfterMs(dataJson),
  });
}

/** The statuses of MCP's own codes, and their names; any other is the application's. */
const STATUSES = new Map<bigint, [status, string]>([
  [-32700n, [status.INVALID_ARGUMENT, "PARSE_ERROR"]],
  [-32600n, [status.INVALID_ARGUMENT, "INVALID_REQUEST"]],
  [-32601n, [status.UNIMPLEMENTED, "METHOD_NOT_FOUND"]],
  [-32602n, [status.INVALID_ARGUMENT, "INVALID_PARAMS"]],
  [-32603n, [status.INTERNAL, "INTERNAL_ERROR"]],
  [-32020n, [status.INVALID_ARGUMENT, "HEADER_MISMATCH"]],
  [-32021n, [status.FAILED_PRECONDITION, "MISSING_REQUIRED_CLIENT_CAPABILITY"]],
  [-32022n, [status.FAILED_PRECONDITION, "UNSUPPORTED_PROTOCOL_VERSION"]],
]);

function isServiceError(failure: unknown): failure is ServiceError {
  return failure instanceof Error && "code" in failure && "metadata" in failure;
}

function explain({ domain, reason, metadata, retryAfterMs }: StatusDetails) {
  if (domain === SERVICE_DOMAIN) {
    const execution = executionOf(metadata.get("execution") === "NOT_STARTED");
    return { domain, reason, execution, retryAfterMs };
  }
  if (domain !== MCP_DOMAIN) return {};
  return {
    ...{ domain, reason, dataJson: metadata.get("data_json") },
    rpcCode: integer(metadata.get("code")),
    dataBytes: metadata.has("data_bytes") ? Number(metadata.get("data_bytes")) : undefined,
  };
}

function integer(text: string | undefined): bigint | undefined {
  return text !== undefined && /^-?\d+$/.test(text) ? BigInt(text) : undefined;
}

function executionOf(certain: boolean): Execution {
  return certain ? Execution.NOT_STARTED : Execution.MAYBE;
}

/** Reads the one member that a refusal's data has. */
function retryAfterMs(dataJson: string | undefined): number | undefined {
  if (dataJson === undefined) return undefined;
  try {
    const said: unknown = JSON.parse(dataJson)?.retryAfterMs;
    return typeof said === "number" ? said : undefined;
  } catch {
    return undefined;
  }
}
