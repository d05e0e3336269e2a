// Whether the API could listen where it is told to, and whether callers there would need credentials.
import { createServer } from "node:net";
import type { ApiKeyRecord } from "@meanwhile/core";
import type { LoadedSettings } from "../../config/load-settings.js";
import { configuredKeys } from "../../process/configured-keys.js";
import { GRPC_PORT_SETTING, toListenError } from "../../process/listen-error.js";
import { sendRequest } from "../send-request.js";
import { type Finding, fail, messageOf, ok, warn } from "./check.js";

const ANSWER_WITHIN_MS = 2_000;

export async function checkAddress({ settings }: LoadedSettings): Promise<Finding> {
  const { host, port } = settings;
  const place = `port ${port} of ${host}`;
  if (port === 0) return ok("port", "any that is free");
  const error = await tryListening(host, port);
  if (error === undefined) return ok("port", `${place} is free`);
  if ((error as NodeJS.ErrnoException).code === "EADDRINUSE" && (await answersAsMeanwhile(host, port))) {
    return ok("port", `${place} is taken by a meanwhile server that answers`);
  }
  return fail("port", `${place} cannot be used`, messageOf(toListenError(error, { host, port })));
}

export async function checkGrpcAddress({ settings, sources }: LoadedSettings): Promise<Finding> {
  const { host, grpcPort: port } = settings;
  if (port === "off") return ok("gRPC port", "off: no gRPC is served");
  const place = `port ${port} of ${host}`;
  if (port === 0) return ok("gRPC port", "any that is free");
  const error = await tryListening(host, port);
  if (error === undefined) return ok("gRPC port", `${place} is free`);
  const taken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
  if (taken && settings.port !== 0 && (await answersAsMeanwhile(host, settings.port))) {
    return ok("gRPC port", `${place} is taken, as it is while a meanwhile server runs here`);
  }
  const reason = messageOf(toListenError(error, { host, port, portSetting: GRPC_PORT_SETTING }));
  return taken && sources.grpcPort === "default"
    ? warn("gRPC port", `${place} is taken: serve would start without gRPC`, reason)
    : fail("gRPC port", `${place} cannot be used`, reason);
}

export function checkCredentials(loaded: LoadedSettings, keys: readonly ApiKeyRecord[]): Finding {
  const { settings } = loaded;
  let count = keys.filter((key) => isInForce(key, Date.now())).length;
  try {
    count += configuredKeys(loaded).length;
  } catch (error) {
    return fail(
      "credentials",
      messageOf(error),
      "Correct MEANWHILE_API_KEYS: owner:mw_secret[:scope+scope…], comma-separated.",
    );
  }
  if (count > 0) return ok("credentials", `${count} API key${count === 1 ? "" : "s"}`);
  const make = "Make a key with meanwhile keys create, or set MEANWHILE_API_KEYS.";
  if (keys.length > 0) {
    return warn("credentials", "every key of the store has expired or was revoked: every caller is refused", make);
  }
  return isLoopback(settings.host)
    ? warn(
        "credentials",
        'none: every caller on this machine is "local"',
        `${make} Until then only loopback is served.`,
      )
    : fail("credentials", `none, and ${settings.host} is not loopback: the server will not start`, make);
}

function isInForce({ revokedAt, expiresAt }: ApiKeyRecord, now: number): boolean {
  return revokedAt === null && (expiresAt === null || expiresAt > now);
}

function tryListening(host: string, port: number): Promise<unknown> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", resolve);
    server.listen({ host, port }, () => server.close(() => resolve(undefined)));
  });
}

async function answersAsMeanwhile(host: string, port: number): Promise<boolean> {
  const name = host === "0.0.0.0" ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
  try {
    const answer = await sendRequest(`http://${name}:${port}/openapi.json`, { silenceMs: ANSWER_WITHIN_MS });
    return answer.text.includes("/api/v2/jobs");
  } catch {
    // Whatever it is, it does not answer like one of ours.
    return false;
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}
