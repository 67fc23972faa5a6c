// Everything that the package offers; it holds no code.

export { type CallOptions } from "./channel.js";
export { DEFAULT_TIMEOUT_MS, McpClient, type McpClientOptions, type TlsOptions } from "./client.js";
export { MCP_DOMAIN, McpError, type McpErrorFacts, SERVICE_DOMAIN } from "./errors.js";
export { Session, type SessionCallOptions } from "./session.js";
export { type Stub } from "./stub.js";
export { serviceConfig } from "./generated/service_config.js";
export * from "./generated/mcpgrpc/v1/completion_service_pb.js";
export * from "./generated/mcpgrpc/v1/content_pb.js";
export * from "./generated/mcpgrpc/v1/discovery_service_pb.js";
export * from "./generated/mcpgrpc/v1/envelope_pb.js";
export * from "./generated/mcpgrpc/v1/errors_pb.js";
export * from "./generated/mcpgrpc/v1/mcp_service_pb.js";
export * from "./generated/mcpgrpc/v1/prompts_service_pb.js";
export * from "./generated/mcpgrpc/v1/request_pb.js";
export * from "./generated/mcpgrpc/v1/resources_service_pb.js";
export * from "./generated/mcpgrpc/v1/result_pb.js";
export * from "./generated/mcpgrpc/v1/session_pb.js";
export * from "./generated/mcpgrpc/v1/subscriptions_service_pb.js";
export * from "./generated/mcpgrpc/v1/tools_service_pb.js";
export { Metadata, status } from "@grpc/grpc-js";
