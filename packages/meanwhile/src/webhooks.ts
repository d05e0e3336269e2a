// The webhook channel of a program: what it may choose, and how it reaches the parts.
import { createWebhookChannel, type WebhookChannelOptions } from "@meanwhile/channels";
import type { PushChannel } from "@meanwhile/core";
import { VERSION } from "./version.js";

export interface WebhookOptions
  extends Pick<WebhookChannelOptions, "allowPrivateTargets" | "requireHttpsTargets" | "ca" | "timeoutMs"> {
  /** Waits before the second, third … attempt, in milliseconds. Default: 5 s, 30 s, 2 min, 10 min, 1 h, 3 h, 8 h, 24 h. */
  scheduleMs?: readonly number[];
}

/** @throws ConfigurationError naming the option that is wrong. */
export function openWebhooks({ scheduleMs: _, ...options }: WebhookOptions = {}): PushChannel {
  return createWebhookChannel({ ...options, userAgent: `meanwhile/${VERSION}` });
}
