// The settings of the gRPC server: declared once, resolved once.
import { ConfigurationError, requireInteger, requireMs } from "@meanwhile/core";

export interface GrpcServerOptions {
  /** Serve TLS. Default: plain text (h2c), for loopback, a private network, or a proxy that ends TLS. */
  tls?: GrpcTlsOptions;
  /** Tell tools such as grpcurl about the service, without credentials. Default: true. */
  reflection?: boolean;
  /** Streams (`WatchJob` and `SubmitJob`) of one owner at once in this process; more are refused with RESOURCE_EXHAUSTED. Default: 10 000. */
  streamsPerOwner?: number;
  /** Calls on one connection at once; clients hold back further ones by themselves. Default: 10 000. */
  streamsPerConnection?: number;
  /** How often a connection is asked for a sign of life, in milliseconds: below the idle limits of common load balancers. Default: 30 000. */
  keepAliveTimeMs?: number;
  /** How long it may take to answer, in milliseconds; then it is closed, and its watches end. Default: 20 000. */
  keepAliveTimeoutMs?: number;
  /** How long `close` waits for calls under way, in milliseconds. Default: 5 000. */
  closeWithinMs?: number;
}

export interface GrpcTlsOptions {
  /** Private key, PEM. */
  key: string | Uint8Array;
  /** Certificate chain, PEM. */
  cert: string | Uint8Array;
}

export interface ResolvedGrpcServerOptions {
  readonly tls: { readonly key: Buffer; readonly cert: Buffer } | undefined;
  readonly reflection: boolean;
  readonly streamsPerOwner: number;
  readonly streamsPerConnection: number;
  readonly keepAliveTimeMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly closeWithinMs: number;
}

/** @throws ConfigurationError naming the option, what came and what would do. */
export function resolveGrpcServerOptions(options: GrpcServerOptions = {}): ResolvedGrpcServerOptions {
  return {
    tls: options.tls === undefined ? undefined : requireTls(options.tls),
    reflection: options.reflection ?? true,
    streamsPerOwner: requireInteger("streamsPerOwner", options.streamsPerOwner ?? 10_000, { min: 1 }),
    streamsPerConnection: requireInteger("streamsPerConnection", options.streamsPerConnection ?? 10_000, { min: 1 }),
    keepAliveTimeMs: requireMs("keepAliveTimeMs", options.keepAliveTimeMs ?? 30_000, { min: 1_000 }),
    keepAliveTimeoutMs: requireMs("keepAliveTimeoutMs", options.keepAliveTimeoutMs ?? 20_000, { min: 1_000 }),
    closeWithinMs: requireMs("closeWithinMs", options.closeWithinMs ?? 5_000),
  };
}

function requireTls({ key, cert }: GrpcTlsOptions): { key: Buffer; cert: Buffer } {
  return { key: requirePem("tls.key", key), cert: requirePem("tls.cert", cert) };
}

function requirePem(option: string, value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value as Uint8Array);
  if (bytes.includes("-----BEGIN ")) return bytes;
  throw new ConfigurationError(
    `${option} must be PEM text that begins with "-----BEGIN"; got ${bytes.length} bytes without it. Give the content of the file, not its path.`,
  );
}
