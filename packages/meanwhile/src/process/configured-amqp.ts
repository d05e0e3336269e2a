// What the settings say about the message queue, checked: each complaint says where it stands, and none shows the password.
import type { MeanwhileAmqpOptions } from "../amqp.js";
import type { LoadedSettings } from "../config/load-settings.js";

/** @returns `undefined` where none is configured. @throws ConfigurationError naming the place. */
export async function configuredAmqp({ settings, sources }: LoadedSettings): Promise<MeanwhileAmqpOptions | undefined> {
  const { amqpUrl: url, amqpOwner: owner, amqpPrefix: prefix, role } = settings;
  if (url === undefined) return undefined;
  const { requireBrokerUrl, requirePrefix } = await import("@meanwhile/channel-amqp");
  requireBrokerUrl(sources.amqpUrl, url);
  requirePrefix(sources.amqpPrefix, prefix);
  // Whoever serves no API takes no jobs either.
  return { url, owner, prefix, submits: role !== "worker" };
}
