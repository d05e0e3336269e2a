// The settings of the HTTP server: declared once, resolved once.
import { ConfigurationError, requireInteger, requireMs } from "@meanwhile/core";
import type { DescribedMessageQueue } from "./asyncapi/message-queue.js";
import type { FixedApiKey } from "./auth/fixed-keys.js";
import type { JwtIssuerOptions } from "./auth/jwt.js";

export interface ServerOptions {
  /** API keys that stand in the configuration rather than in the store. Default: none. */
  apiKeys?: readonly FixedApiKey[];
  /** Issuers whose JSON Web Tokens are accepted. Default: none. */
  jwt?: JwtIssuerOptions | readonly JwtIssuerOptions[];
  /** The address under which callers reach the server, for instance `https://api.example.com`; links in bodies become absolute. Default: none. */
  publicUrl?: string;
  /** Hosts that a server without credentials answers to, besides loopback names. Default: none. */
  allowedHosts?: readonly string[];
  /** Origins whose pages may call from a browser, for instance `https://app.example.com`. Default: none. */
  allowedOrigins?: readonly string[];
  /** Waits (long polls and `Prefer: wait`) of one owner at once in this process. Default: 10 000. */
  waitsPerOwner?: number;
  /** Streams (server-sent events) of one owner at once in this process. Default: 10 000. */
  streamsPerOwner?: number;
  /** WebSocket connections of one owner at once in this process. Default: 10 000. */
  socketsPerOwner?: number;
  /** Jobs and topics that one WebSocket connection follows at once. Default: 1 000. */
  followsPerSocket?: number;
  /** Longest time for a request's headers to arrive, in milliseconds. Default: 20 000. */
  headersTimeoutMs?: number;
  /** Longest time for a JSON request to arrive whole, in milliseconds; uploads have `uploadTimeoutMs`. Default: 60 000. */
  requestTimeoutMs?: number;
  /** Longest time for an upload to arrive whole, in milliseconds. Default: 3 600 000 (an hour). */
  uploadTimeoutMs?: number;
  /** How long an idle connection is kept, in milliseconds. Default: 72 000, above the minute of common load balancers. */
  keepAliveTimeoutMs?: number;
  /** Size of all headers of a request together, in bytes. Default: 16 384. */
  headerBytes?: number;
  /** A message queue that stands beside the server, for the description at `/asyncapi.json`. Default: none. */
  messageQueue?: DescribedMessageQueue;
}

export interface ResolvedServerOptions {
  readonly apiKeys: readonly FixedApiKey[];
  readonly jwt: readonly JwtIssuerOptions[];
  /** Without a slash at its end; empty for none. */
  readonly linkBase: string;
  readonly allowedHosts: ReadonlySet<string>;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly waitsPerOwner: number;
  readonly streamsPerOwner: number;
  readonly socketsPerOwner: number;
  readonly followsPerSocket: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly uploadTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly headerBytes: number;
  readonly messageQueue: DescribedMessageQueue | undefined;
}

/** @throws ConfigurationError naming the option, what came and what would do. */
export function resolveServerOptions(options: ServerOptions = {}): ResolvedServerOptions {
  const linkBase = options.publicUrl === undefined ? "" : requireBaseUrl("publicUrl", options.publicUrl);
  const hosts = (options.allowedHosts ?? []).map((host) => host.toLowerCase());
  return {
    apiKeys: options.apiKeys ?? [],
    jwt: options.jwt === undefined ? [] : [options.jwt].flat(),
    linkBase,
    allowedHosts: new Set(linkBase === "" ? hosts : [...hosts, new URL(linkBase).hostname]),
    allowedOrigins: new Set((options.allowedOrigins ?? []).map(requireOrigin)),
    waitsPerOwner: requireInteger("waitsPerOwner", options.waitsPerOwner ?? 10_000, { min: 1 }),
    streamsPerOwner: requireInteger("streamsPerOwner", options.streamsPerOwner ?? 10_000, { min: 1 }),
    socketsPerOwner: requireInteger("socketsPerOwner", options.socketsPerOwner ?? 10_000, { min: 1 }),
    followsPerSocket: requireInteger("followsPerSocket", options.followsPerSocket ?? 1_000, { min: 1 }),
    headersTimeoutMs: requireMs("headersTimeoutMs", options.headersTimeoutMs ?? 20_000, { min: 1 }),
    requestTimeoutMs: requireMs("requestTimeoutMs", options.requestTimeoutMs ?? 60_000, { min: 1 }),
    uploadTimeoutMs: requireMs("uploadTimeoutMs", options.uploadTimeoutMs ?? 3_600_000, { min: 1 }),
    keepAliveTimeoutMs: requireMs("keepAliveTimeoutMs", options.keepAliveTimeoutMs ?? 72_000, { min: 1 }),
    headerBytes: requireInteger("headerBytes", options.headerBytes ?? 16_384, { min: 1_024 }),
    messageQueue: options.messageQueue,
  };
}

function requireBaseUrl(option: string, value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const fits = url !== undefined && /^https?:$/.test(url.protocol) && url.search === "" && url.hash === "";
  if (!fits || url.username !== "") {
    throw new ConfigurationError(
      `${option} must be an address such as "https://api.example.com"; got ${JSON.stringify(value)}.`,
    );
  }
  return url.href.replace(/\/+$/, "");
}

function requireOrigin(value: string): string {
  if (URL.canParse(value) && new URL(value).origin === value.replace(/\/$/, "").toLowerCase()) {
    return new URL(value).origin;
  }
  throw new ConfigurationError(
    `allowedOrigins must hold origins such as "https://app.example.com", without a path; got ${JSON.stringify(value)}.`,
  );
}
