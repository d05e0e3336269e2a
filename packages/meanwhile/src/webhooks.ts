// The webhook channel of a program: what it may choose, and how it reaches the parts.
import { createWebhookChannel, type WebhookChannelOptions } from "@meanwhile/channels";
import type { DeliveryOptions, PushChannel } from "@meanwhile/core";
import { VERSION } from "./version.js";

export interface WebhookOptions
  extends Pick<WebhookChannelOptions, "allowPrivateTargets" | "requireHttpsTargets" | "ca" | "timeoutMs"> {
  /** Waits before the second, third … attempt, in milliseconds. Default: 5 s, 30 s, 2 min, 10 min, 1 h, 3 h, 8 h, 24 h. */
  scheduleMs?: readonly number[];
  /**
   * How long a delivery waits for a process that died while it was sending it, in milliseconds; then another one sends it
   * again. At least three times `timeoutMs`. Default: 60 000.
   */
  leaseMs?: number;
  /** How long finished deliveries and their bodies are kept, in milliseconds. Default: 30 days. */
  retentionMs?: number;
}

/** @throws ConfigurationError naming the option that is wrong. */
export function openWebhooks({
  scheduleMs: _,
  leaseMs: __,
  retentionMs: ___,
  ...options
}: WebhookOptions = {}): PushChannel {
  return createWebhookChannel({ ...options, userAgent: `meanwhile/${VERSION}` });
}

/** What of it concerns the deliveries, whichever channel sends them. */
export function deliveryOptions({ scheduleMs, leaseMs, retentionMs, timeoutMs }: WebhookOptions = {}): DeliveryOptions {
  return {
    ...(scheduleMs === undefined ? {} : { scheduleMs }),
    ...(leaseMs === undefined ? {} : { leaseMs }),
    ...(retentionMs === undefined ? {} : { retentionMs }),
    // The channel ends a sending by itself; this is for one that does not.
    ...(timeoutMs === undefined ? {} : { sendTimeoutMs: Math.ceil(timeoutMs * 1.5) }),
  };
}
