// The channels of meanwhile, one folder per protocol.
export { createSseChannel, type SseChannel, type SseChannelOptions, type StreamRequest } from "./sse/sse-channel.js";
export type { WebhookChannelOptions } from "./webhook/options.js";
export { createWebhookChannel } from "./webhook/webhook-channel.js";
