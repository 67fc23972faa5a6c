// gRPC's service config of every client; generated.
export const serviceConfig = {
  "loadBalancingConfig": [{"round_robin": {}}],
  "methodConfig": [
    {
      "name": [
        {"service": "mcpgrpc.v1.ToolsService", "method": "ListTools"},
        {"service": "mcpgrpc.v1.ResourcesService", "method": "ListResources"},
        {"service": "mcpgrpc.v1.ResourcesService", "method": "ListResourceTemplates"},
        {"service": "mcpgrpc.v1.ResourcesService", "method": "ReadResource"},
        {"service": "mcpgrpc.v1.PromptsService", "method": "ListPrompts"},
        {"service": "mcpgrpc.v1.PromptsService", "method": "GetPrompt"},
        {"service": "mcpgrpc.v1.CompletionService", "method": "Complete"},
        {"service": "mcpgrpc.v1.DiscoveryService", "method": "Discover"}
      ],
      "retryPolicy": {
        "maxAttempts": 4,
        "initialBackoff": "0.1s",
        "maxBackoff": "2s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"]
      }
    }
  ]
};
