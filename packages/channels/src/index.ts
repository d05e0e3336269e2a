// The channels of meanwhile, one folder per protocol.
export type { WebhookChannelOptions } from "./webhook/options.js";
export { createWebhookChannel } from "./webhook/webhook-channel.js";
