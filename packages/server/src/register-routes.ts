// Turns the rows of the route table into Fastify routes: credentials first, then the query, the body, the work.
import { AppError } from "@meanwhile/core";
import { LIMITS } from "@meanwhile/protocol";
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from "fastify";
import { refuseForeignPages } from "./auth/browser-guard.js";
import { requireAccess } from "./auth/scopes.js";
import type { ServerContext } from "./context.js";
import { parseJsonBody } from "./json-body.js";
import { requireKnownQuery } from "./query.js";
import type { BodyKind, Route, RouteAccess } from "./route.js";

const BODY_KINDS: readonly BodyKind[] = ["none", "json", "bytes", "json-or-form"];

export function registerRoutes(app: FastifyInstance, routes: readonly Route[], context: ServerContext): void {
  for (const kind of BODY_KINDS) {
    // A scope of its own for each kind: Fastify chooses body parsers per scope.
    app.register(async (scope) => {
      installParsers(scope, kind);
      for (const route of routes) if ((route.body ?? "none") === kind) registerRoute(scope, route, context);
    });
  }
}

function registerRoute(scope: FastifyInstance, route: Route, context: ServerContext): void {
  const { maxBodyBytes = LIMITS.bodyBytes, query } = route;
  scope.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ":$1"),
    bodyLimit: maxBodyBytes,
    // The table has rows of its own where HEAD is more than GET without a body.
    exposeHeadRoute: route.method === "GET" && !route.path.includes("file"),
    onRequest: gates(route, context),
    handler(request, reply) {
      requireKnownQuery(request, query);
      return route.handle(request, reply);
    },
  });
}

function gates(route: Route, context: ServerContext): onRequestHookHandler[] {
  const hooks: onRequestHookHandler[] = [];
  const { headers, access } = route;
  if (headers !== undefined) {
    hooks.push((_request, reply, done) => {
      reply.headers(headers);
      done();
    });
  }
  if (access !== "open") hooks.push(authorize(access, context));
  if (route.takesWork) {
    hooks.push((_request, _reply, done) => done(context.isDraining() ? shuttingDown() : undefined));
  }
  if (route.body === "json" || route.body === "json-or-form") hooks.push(refuseContentCoding);
  return hooks;
}

function authorize(
  access: Exclude<RouteAccess, "open">,
  { authenticator, options }: ServerContext,
): onRequestHookHandler {
  const admit = (request: FastifyRequest, isClosed: boolean): void => {
    if (!isClosed) refuseForeignPages(request, options);
    requireAccess(request.principal, access);
  };
  return (request, _reply, done) => {
    const principal = authenticator.authenticate(request.headers.authorization);
    const isClosed = authenticator.isClosed();
    if (!(principal instanceof Promise) && typeof isClosed === "boolean") {
      request.principal = principal;
      admit(request, isClosed);
      return done();
    }
    Promise.all([principal, isClosed])
      .then(([who, closed]) => {
        request.principal = who;
        admit(request, closed);
      })
      .then(() => done(), done);
  };
}

const refuseContentCoding: onRequestHookHandler = (request, _reply, done) => {
  const coding = request.headers["content-encoding"];
  if (coding === undefined || coding.toLowerCase() === "identity") return done();
  done(new AppError("unsupported_media_type", { message: "Bodies in a content coding are not taken. Send it plain." }));
};

function installParsers(scope: FastifyInstance, kind: BodyKind): void {
  scope.removeAllContentTypeParsers();
  switch (kind) {
    case "json":
      addJsonParser(scope);
      return;
    case "json-or-form":
      addJsonParser(scope);
      scope.addContentTypeParser("multipart/form-data", (_request, _payload, done) => done(null));
      return;
    case "bytes":
      scope.addContentTypeParser("*", (_request, _payload, done) => done(null));
      return;
    case "none":
      scope.addContentTypeParser("*", (_request, payload, done) => {
        // Read past, so that the connection can be used again.
        payload.resume();
        done(null);
      });
      return;
  }
}

function addJsonParser(scope: FastifyInstance): void {
  scope.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => {
    try {
      done(null, parseJsonBody(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
}

/** @throws AppError `invalid_request` where there was no body at all. */
export function requireBody(request: FastifyRequest): unknown {
  if (request.body !== undefined) return request.body;
  throw new AppError("invalid_request", { message: "The body is missing. Send a JSON document." });
}

export type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown;

function shuttingDown(): AppError {
  return new AppError("shutting_down", {
    message: "The server is shutting down and takes no new jobs. Try again in a moment.",
    retryAfterMs: 2_000,
  });
}
