// Answers whatever was thrown on the way, and writes down what was our own fault.
import type { FastifyInstance } from "fastify";
import type { ServerContext } from "./context.js";
import { toProblemAnswer } from "./problem.js";
import { traceIdOf } from "./request-context.js";
import { hasUnreadBody, readPastBody } from "./unread-body.js";

export function installErrorHandler(app: FastifyInstance, { logger, options, clock }: ServerContext): void {
  app.setErrorHandler((error, request, reply) => {
    const { problem, headers, internal } = toProblemAnswer(error, {
      // Where Fastify itself refuses the path, nobody has cut off the query yet.
      instance: request.pathname || (request.raw.url ?? "/").replace(/\?.*$/, ""),
      traceId: traceIdOf(request),
      requestId: request.id,
      linkBase: options.linkBase,
      maxBodyBytes: request.routeOptions.bodyLimit,
    });
    if (internal !== undefined) {
      const fields = { err: internal, method: request.method, path: request.pathname, code: problem.code };
      logger.error(fields, "a request failed on our side");
    }
    if (reply.raw.headersSent) return reply.raw.destroy();
    if (hasUnreadBody(request.raw)) {
      // Fastify would close at once, and a caller who is still sending would never read why.
      reply.removeHeader("connection");
      readPastBody(request.raw, clock);
    }
    // Bytes, because to a text of this type Fastify would add a charset that the type does not have.
    return reply
      .code(problem.status)
      .headers(headers)
      .send(Buffer.from(JSON.stringify(problem)));
  });
}
