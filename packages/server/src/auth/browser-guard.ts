// Keeps web pages out of a server that asks for no credentials: whoever reaches it is trusted, and a browser reaches it
// for any page that its user happens to open.
import type { IncomingMessage } from "node:http";
import { AppError, isLoopbackName } from "@meanwhile/core";
import { isAllowedOrigin, type OriginOptions } from "./origin.js";

export interface BrowserGuardOptions extends OriginOptions {
  readonly allowedHosts: ReadonlySet<string>;
}

/** Of HTTP, or of Fastify. */
type GuardedRequest = Pick<IncomingMessage, "headers" | "method">;

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Only for servers without credentials: a bearer token is never sent by itself, so a closed server needs none of this.
 *
 * @throws AppError `forbidden` for a foreign Host (DNS rebinding) and for requests that another site's page made.
 */
export function refuseForeignPages(request: GuardedRequest, options: BrowserGuardOptions): void {
  const host = hostName(request.headers.host ?? "");
  if (!isLoopbackName(host) && !options.allowedHosts.has(host)) {
    throw new AppError("forbidden", {
      message: `This server has no credentials configured and answers to loopback names only, not to "${host.slice(0, 100)}". Configure API keys, or list the host in allowedHosts.`,
    });
  }
  const { origin } = request.headers;
  const isForeign =
    origin === undefined
      ? request.headers["sec-fetch-site"] === "cross-site" && !SAFE_METHODS.has(request.method ?? "")
      : !isAllowedOrigin(origin, request.headers.host ?? "", options);
  if (isForeign) {
    throw new AppError("forbidden", {
      message:
        "Pages of other sites may not call this server. List their origin in allowedOrigins, or MEANWHILE_ALLOWED_ORIGINS.",
    });
  }
}

/** Without its port, lower case. */
function hostName(host: string): string {
  return host.replace(/:\d{1,5}$/, "").toLowerCase();
}
