// The settings of the message queue: declared once, resolved once.
import { ConfigurationError, requireInteger, requireMs, requireText } from "@meanwhile/core";

export interface AmqpOptions {
  /**
   * The broker: `amqp://user:password@host:port/vhost` or `amqps://…`. Parameters: `heartbeat` in seconds (30 unless given),
   * `frameMax`, `channelMax`.
   */
  url: string;
  /** What the names of all exchanges and queues begin with. Default: `meanwhile`. */
  prefix?: string;
  /** Whose the jobs are that come by queue. Default: `local`, the owner of a server without credentials. */
  owner?: string;
  /** Certificates of the authorities that `amqps` trusts, PEM. Default: those that Node trusts. */
  ca?: string;
  /** Submits that one process has taken and not settled, at most. Default: 100. */
  prefetch?: number;
  /** How often a submit is delivered that no process settles; then it is put aside with the reason. Default: 20. */
  deliveryLimit?: number;
  /** How long a confirmation of the broker is waited for, in milliseconds. Default: 10 000. */
  confirmTimeoutMs?: number;
  /** First wait before a lost connection is opened again, in milliseconds; it doubles, with jitter. Default: 200. */
  reconnectMs?: number;
  /** … and grows no further than this. Default: 15 000. */
  reconnectMaxMs?: number;
}

export interface ResolvedAmqpOptions extends Required<Omit<AmqpOptions, "ca">> {
  readonly ca: string | undefined;
}

/** A connection that says nothing for twice as long is lost: well below the idle limits of load balancers. */
const HEARTBEAT_SECONDS = 30;

/** @throws ConfigurationError naming the option, what came and what would do. Never shows the password. */
export function resolveAmqpOptions(options: AmqpOptions): ResolvedAmqpOptions {
  const reconnectMs = requireMs("reconnectMs", options.reconnectMs ?? 200, { min: 1 });
  return {
    url: requireBrokerUrl("url", options.url),
    prefix: requirePrefix("prefix", options.prefix ?? "meanwhile"),
    owner: requireText("owner", options.owner ?? "local"),
    ca: options.ca,
    prefetch: requireInteger("prefetch", options.prefetch ?? 100, { min: 1, max: 65_535 }),
    deliveryLimit: requireInteger("deliveryLimit", options.deliveryLimit ?? 20, { min: 1 }),
    confirmTimeoutMs: requireMs("confirmTimeoutMs", options.confirmTimeoutMs ?? 10_000, { min: 1 }),
    reconnectMs,
    reconnectMaxMs: requireMs("reconnectMaxMs", options.reconnectMaxMs ?? 15_000, { min: reconnectMs }),
  };
}

/**
 * The address with its heartbeat.
 *
 * @param at What the complaint names: an option or a setting.
 * @throws ConfigurationError that shows neither user nor password.
 */
export function requireBrokerUrl(at: string, value: unknown): string {
  const url = typeof value === "string" && URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !["amqp:", "amqps:"].includes(url.protocol) || url.hostname === "") {
    throw new ConfigurationError(
      `${at} must be the address of a broker such as amqp://user:password@127.0.0.1:5672/vhost; got ${shown(value)}.`,
    );
  }
  if (!url.searchParams.has("heartbeat")) url.searchParams.set("heartbeat", String(HEARTBEAT_SECONDS));
  return url.href;
}

/** @throws ConfigurationError for a name that a broker would not take, or that patterns would read otherwise. */
export function requirePrefix(at: string, value: unknown): string {
  if (typeof value === "string" && /^[A-Za-z0-9_.-]{1,100}$/.test(value) && !value.startsWith("amq.")) return value;
  throw new ConfigurationError(
    `${at} must be 1 to 100 letters, digits, "_", "-" or ".", and not begin with "amq."; got ${JSON.stringify(value)}.`,
  );
}

/** The broker as it may stand in a log: without user, password and parameters. */
export function shownBroker(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

function shown(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value) ?? String(value);
  return URL.canParse(value) ? JSON.stringify(`${new URL(value).protocol}…`) : "something that is no address";
}
