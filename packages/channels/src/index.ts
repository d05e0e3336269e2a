// The channels of meanwhile, one folder per protocol.
export type { SocketAccess } from "./socket/dialect.js";
export type { SocketOptions, SocketParts } from "./socket/parts.js";
export { createSocketChannel, type SocketChannel } from "./socket/socket-channel.js";
export { createSseChannel, type SseChannel, type SseChannelOptions, type StreamRequest } from "./sse/sse-channel.js";
export { checkPrivateTargets } from "./webhook/guard/exceptions.js";
export type { WebhookChannelOptions } from "./webhook/options.js";
export { createWebhookChannel } from "./webhook/webhook-channel.js";
