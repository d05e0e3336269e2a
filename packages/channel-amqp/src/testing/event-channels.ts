// The channel of the events by itself, connected.
import { systemClock } from "@meanwhile/core";
import { until } from "@meanwhile/store-testkit";
import { onTestFinished } from "vitest";
import { createEventChannel, type EventChannel } from "../event-channel.js";
import { type AmqpOptions, resolveAmqpOptions } from "../options.js";
import { BROKER_URL } from "./broker.js";

/** Closed when the test is over. */
export async function connectEvents(given: Partial<AmqpOptions> & { prefix: string }): Promise<EventChannel> {
  const options = resolveAmqpOptions({ url: BROKER_URL, reconnectMs: 20, reconnectMaxMs: 200, ...given });
  const channel = createEventChannel(
    { clock: systemClock, random: Math.random, logger: silent, linkBase: "https://api.example" },
    options,
  );
  channel.start?.();
  onTestFinished(() => channel.close());
  await isConnected(channel);
  return channel;
}

export function isConnected(channel: EventChannel): Promise<unknown> {
  return until(() => channel.availability?.isAvailable, { what: "the channel is connected", limitMs: 10_000 });
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };
