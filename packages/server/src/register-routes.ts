// Turns the rows of the route table into Fastify routes: credentials first, then the query, the body, the work.
import { AppError, LOCAL_PRINCIPAL, type Principal } from "@meanwhile/core";
import { LIMITS } from "@meanwhile/protocol";
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from "fastify";
import type { Authenticator } from "./auth/authenticator.js";
import { refuseForeignPages } from "./auth/browser-guard.js";
import { requireAccess } from "./auth/scopes.js";
import type { ServerContext } from "./context.js";
import { isForm } from "./files/upload.js";
import { parseJsonBody } from "./json-body.js";
import { requireKnownQuery, TICKET_PARAMETER } from "./query.js";
import type { BodyKind, Route, RouteAccess } from "./route.js";

const BODY_KINDS: readonly BodyKind[] = ["none", "json", "bytes", "json-or-form"];

export function registerRoutes(app: FastifyInstance, routes: readonly Route[], context: ServerContext): void {
  for (const kind of BODY_KINDS) {
    // A scope of its own for each kind: Fastify chooses body parsers per scope.
    app.register(async (scope) => {
      installParsers(scope, kind, context);
      for (const route of routes) {
        if ((route.body ?? "none") !== kind) continue;
        // Elsewhere HEAD is GET without its body, which Fastify makes by itself.
        const hasOwnHead = routes.some(({ method, path }) => method === "HEAD" && path === route.path);
        registerRoute(scope, route, { context, hasOwnHead });
      }
    });
  }
}

interface Registration {
  readonly context: ServerContext;
  readonly hasOwnHead: boolean;
}

function registerRoute(scope: FastifyInstance, route: Route, { context, hasOwnHead }: Registration): void {
  const { maxBodyBytes = LIMITS.bodyBytes } = route;
  const query = route.ticket === undefined ? route.query : { ...route.query, ticket: TICKET_PARAMETER };
  scope.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ":$1"),
    bodyLimit: maxBodyBytes,
    exposeHeadRoute: route.method === "GET" && !hasOwnHead,
    onRequest: gates(route, context),
    handler(request, reply) {
      requireKnownQuery(request, query);
      return route.handle(request, reply);
    },
  });
}

function gates(route: Route, context: ServerContext): onRequestHookHandler[] {
  const hooks: onRequestHookHandler[] = [];
  const { headers, access, ticket } = route;
  if (headers !== undefined) {
    hooks.push((_request, reply, done) => {
      reply.headers(headers);
      done();
    });
  }
  if (access !== "open") hooks.push(authorize({ access, ticket }, context));
  if (route.takesWork) {
    hooks.push((_request, _reply, done) => done(context.isDraining() ? shuttingDown() : undefined));
  }
  if (route.body === "json" || route.body === "json-or-form") hooks.push(expectJson(context));
  return hooks;
}

function authorize(
  { access, ticket }: { access: Exclude<RouteAccess, "open">; ticket: Route["ticket"] },
  { authenticator, tickets, options }: ServerContext,
): onRequestHookHandler {
  const identify = (request: FastifyRequest) => {
    const given = ticket === undefined ? undefined : ticketOf(request);
    if (given === undefined) return authenticator.authenticate(request.headers.authorization);
    const { id } = request.params as { id?: string };
    const wanted = ticket === "job" && id !== undefined ? { jobId: id } : {};
    return identifyByTicket(authenticator, () => tickets.redeem(given, wanted));
  };
  const admit = (request: FastifyRequest, isClosed: boolean): void => {
    if (!isClosed) refuseForeignPages(request, options);
    requireAccess(request.principal, access);
  };
  return (request, _reply, done) => {
    const principal = identify(request);
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

/** Where the header is sent, it decides: a ticket is for those who cannot send any. */
function ticketOf({ headers, query }: FastifyRequest): string | undefined {
  const { ticket } = query as { ticket?: string | string[] };
  return headers.authorization === undefined && typeof ticket === "string" ? ticket : undefined;
}

/** A server that asks for no credentials asks for no ticket either. */
async function identifyByTicket(authenticator: Authenticator, redeem: () => Promise<Principal>): Promise<Principal> {
  return (await authenticator.isClosed()) ? redeem() : LOCAL_PRINCIPAL;
}

function expectJson({ slowBodies }: ServerContext): onRequestHookHandler {
  return (request, reply, done) => {
    const coding = request.headers["content-encoding"];
    if (coding !== undefined && coding.toLowerCase() !== "identity") {
      const message = "Bodies in a content coding are not taken. Send it plain.";
      return done(new AppError("unsupported_media_type", { message }));
    }
    if (!isForm(request)) slowBodies.expect(request, reply);
    done();
  };
}

function installParsers(scope: FastifyInstance, kind: BodyKind, context: ServerContext): void {
  scope.removeAllContentTypeParsers();
  switch (kind) {
    case "json":
      addJsonParser(scope, context);
      refuseOtherTypes(scope, "application/json");
      return;
    case "json-or-form":
      addJsonParser(scope, context);
      refuseOtherTypes(scope, "multipart/form-data or application/json");
      scope.addContentTypeParser("multipart/form-data", (_request, _payload, done) => done(null));
      return;
    case "bytes":
      scope.addContentTypeParser("*", (_request, _payload, done) => done(null));
      return;
    case "none":
      ignoreBodies(scope);
      return;
  }
}

/** Reads past every body, so that the connection can be used again. */
export function ignoreBodies(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", (_request, payload, done) => {
    payload.resume();
    done(null);
  });
}

function addJsonParser(scope: FastifyInstance, { slowBodies }: ServerContext): void {
  scope.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => {
    slowBodies.arrived(request);
    try {
      done(null, parseJsonBody(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
}

function refuseOtherTypes(scope: FastifyInstance, expected: string): void {
  scope.addContentTypeParser("*", (request, _payload, done) => {
    const sent = request.headers["content-type"];
    const came = sent === undefined ? "came without one" : `came as ${JSON.stringify(sent.slice(0, SHOWN_CHARACTERS))}`;
    const message = `The body's Content-Type must be ${expected}; it ${came}.`;
    done(new AppError("unsupported_media_type", { message }));
  });
}

/** Enough to recognise what was sent. */
const SHOWN_CHARACTERS = 100;

/** @throws AppError `invalid_request` where there was no body at all. */
export function requireBody(request: FastifyRequest): unknown {
  if (request.body !== undefined) return request.body;
  throw new AppError("invalid_request", { message: "The body is missing. Send a JSON document." });
}

function shuttingDown(): AppError {
  return new AppError("shutting_down", {
    message: "The server is shutting down and takes no new jobs. Try again in a moment.",
    retryAfterMs: 2_000,
  });
}
