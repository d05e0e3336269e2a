// What every request carries from its first moment: an id, its trace, its path, and both ids on every log line.

import type { IncomingMessage } from "node:http";
import { AppError, type LogFields, type Origin, withLogFields } from "@meanwhile/core";
import { parseTraceContext } from "@meanwhile/protocol";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { HttpRefusal } from "./problem.js";

export function installRequestContext(app: FastifyInstance): void {
  app.decorateRequest("trace", undefined);
  app.decorateRequest("pathname", "");
  // Set in front of every route that is not open; nothing reads it elsewhere.
  app.decorateRequest("principal", undefined as never);
  app.addHook("onRequest", (request, reply, done) => {
    const { headers, url } = request.raw;
    const query = url!.indexOf("?");
    request.pathname = query < 0 ? url! : url!.slice(0, query);
    const traceparent = headers.traceparent as string | undefined;
    if (traceparent !== undefined) {
      request.trace = parseTraceContext(traceparent, headers.tracestate as string | undefined);
    }
    reply.header("x-request-id", request.id);
    withLogFields(logFieldsOf(request), () => done(faultOf(request.raw)));
  });
}

/** Made out only where a line is written: most requests write none. */
function logFieldsOf(request: FastifyRequest): LogFields {
  return {
    requestId: request.id,
    get traceId() {
      return traceIdOf(request);
    },
  };
}

/** What Node would refuse by itself, without a problem document. */
function faultOf({ headers, httpVersion }: IncomingMessage): AppError | undefined {
  if (headers.host === undefined && httpVersion === "1.1") {
    return new AppError("invalid_request", { message: "The Host header is missing." });
  }
  if (headers.expect === undefined || headers.expect.toLowerCase() === "100-continue") return undefined;
  return new HttpRefusal(417, "The Expect header asks for what nobody here can do.");
}

/** The caller's trace, or one that begins here: a request id is a UUID, and its 32 digits are a trace id. */
export function traceIdOf(request: FastifyRequest): string {
  return request.trace?.traceId ?? request.id.replaceAll("-", "");
}

/** Where a submit came from, for the job. */
export function originOf(request: FastifyRequest): Origin {
  const { trace, id: requestId } = request;
  if (trace === undefined) return { requestId };
  const { traceparent, tracestate } = trace;
  return tracestate === undefined ? { requestId, traceparent } : { requestId, traceparent, tracestate };
}
