// Answers whatever was thrown on the way, and writes down what was our own fault.
import type { FastifyInstance } from "fastify";
import type { ServerContext } from "./context.js";
import { toProblem } from "./problem.js";
import { traceIdOf } from "./request-context.js";

export function installErrorHandler(app: FastifyInstance, { logger, options }: ServerContext): void {
  app.setErrorHandler((error, request, reply) => {
    const { problem, headers, internal } = toProblem(error, {
      instance: request.pathname === "" ? request.url : request.pathname,
      traceId: traceIdOf(request),
      requestId: request.id,
      linkBase: options.linkBase,
    });
    if (internal !== undefined) {
      const fields = { err: internal, method: request.method, path: request.pathname, code: problem.code };
      logger.error(fields, "a request failed on our side");
    }
    if (reply.raw.headersSent) return reply.raw.destroy();
    return reply.code(problem.status).headers(headers).send(JSON.stringify(problem));
  });
}
