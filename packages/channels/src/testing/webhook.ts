// Webhook channels for tests: the receivers of tests on 127.0.0.1 are allowed, and nothing else that is private.
import type { PushChannel, Sent } from "@meanwhile/core";
import { onTestFinished } from "vitest";
import { makeSending } from "../testkit/push-suite.js";
import type { WebhookChannelOptions } from "../webhook/options.js";
import { createWebhookChannel } from "../webhook/webhook-channel.js";

export function startChannel(options: WebhookChannelOptions = {}): PushChannel {
  const channel = createWebhookChannel({ allowPrivateTargets: ["127.0.0.1"], ...options });
  onTestFinished(() => channel.close());
  return channel;
}

export function sendTo(channel: PushChannel, target: string): Promise<Sent> {
  return channel.send(makeSending(target), new AbortController().signal);
}
