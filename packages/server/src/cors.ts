// Cross-origin calls from a browser, for the origins that are listed. Without any, this is not installed.
import type { FastifyInstance } from "fastify";

const EXPOSED =
  "ETag, Location, Operation-Location, Retry-After, Preference-Applied, Idempotent-Replayed, Link, X-Request-Id, Content-Disposition, Content-Range, Deprecation, Sunset";
const ALLOWED_HEADERS =
  "Authorization, Content-Type, Content-Disposition, Idempotency-Key, If-None-Match, If-Range, Last-Event-ID, Prefer, Range, traceparent, tracestate";
/** Browsers keep the answer to a preflight for at most two hours. */
const PREFLIGHT_SECONDS = "7200";

export function installCors(app: FastifyInstance, allowedOrigins: ReadonlySet<string>): void {
  if (allowedOrigins.size === 0) return;
  app.addHook("onRequest", (request, reply, done) => {
    const { origin } = request.headers;
    if (origin === undefined || !allowedOrigins.has(origin)) return done();
    reply.header("access-control-allow-origin", origin);
    reply.header("access-control-expose-headers", EXPOSED);
    if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined) return done();
    reply
      .code(204)
      .headers({
        "access-control-allow-methods": "GET, HEAD, POST, PATCH, DELETE",
        "access-control-allow-headers": ALLOWED_HEADERS,
        "access-control-max-age": PREFLIGHT_SECONDS,
      })
      .send();
  });
  // Last, because routes say what else their answers vary with.
  app.addHook("onSend", (_request, reply, _payload, done) => {
    const vary = reply.getHeader("vary");
    reply.header("vary", vary === undefined ? "Origin" : `${vary}, Origin`);
    done();
  });
}
