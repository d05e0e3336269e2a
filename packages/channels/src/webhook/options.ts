// The settings of the webhook channel: declared once, resolved once.
import { type Clock, requireInteger, requireMs, requireText, systemClock } from "@meanwhile/core";
import { createDnsResolver, type Resolve, resolveBySystem } from "./guard/resolve.js";

export interface WebhookChannelOptions {
  /**
   * What may be sent to although it is private: hosts (`localhost`), addresses (`127.0.0.1`) and networks (`10.0.0.0/8`). For
   * development. Default: nothing.
   */
  allowPrivateTargets?: readonly string[];
  /** Whether targets must begin with `https:`. Default: `http:` is accepted, too. */
  requireHttpsTargets?: boolean;
  /** Longest time of one sending, in milliseconds: connecting, sending, and the whole answer. Default: 15 000. */
  timeoutMs?: number;
  /** Longest time of it until the connection is there, TLS included, in milliseconds. Default: 10 000. */
  connectTimeoutMs?: number;
  /**
   * Connections to one receiver at once; sendings beyond them wait, within their own time. Default: 100, as many as the dispatcher
   * has sendings at once: none waits.
   */
  connectionsPerReceiver?: number;
  /** Certificates that are trusted instead of the usual ones, as PEM. Default: those that Node trusts. */
  ca?: string | readonly string[];
  /** The header `user-agent`. Default: `meanwhile`. */
  userAgent?: string;
  /**
   * Gives every address of a name. Default: by DNS; where private targets are allowed, as the operating system resolves it, with
   * its hosts file and what containers are told.
   */
  resolve?: Resolve;
  /** Default: the machine's clock. */
  clock?: Clock;
}

export type ResolvedWebhookChannelOptions = Required<Omit<WebhookChannelOptions, "ca">> & {
  readonly ca: string | readonly string[] | undefined;
};

/** @throws ConfigurationError naming the option, what came and what would do. */
export function resolveWebhookChannelOptions(options: WebhookChannelOptions = {}): ResolvedWebhookChannelOptions {
  const timeoutMs = requireMs("timeoutMs", options.timeoutMs ?? 15_000, { min: 1 });
  const { allowPrivateTargets = [] } = options;
  return {
    allowPrivateTargets,
    requireHttpsTargets: options.requireHttpsTargets ?? false,
    timeoutMs,
    connectTimeoutMs: requireMs("connectTimeoutMs", options.connectTimeoutMs ?? 10_000, { min: 1 }),
    connectionsPerReceiver: requireInteger("connectionsPerReceiver", options.connectionsPerReceiver ?? 100, { min: 1 }),
    ca: options.ca,
    userAgent: requireText("userAgent", options.userAgent ?? "meanwhile"),
    resolve: options.resolve ?? (allowPrivateTargets.length === 0 ? createDnsResolver() : resolveBySystem),
    clock: options.clock ?? systemClock,
  };
}
