// What callers do to a job that exists: cancel it, erase it.
import { jobResourceText } from "@meanwhile/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ServerContext } from "../context.js";
import { jobHeaders } from "../job-answer.js";
import { JOB_ANSWER } from "../openapi/refs.js";
import { pathJobId } from "../query.js";
import type { OperationDocument, Route } from "../route.js";

export function jobActionRoutes(context: ServerContext): Route[] {
  const handle = (request: FastifyRequest, reply: FastifyReply) => cancel(context, request, reply);
  return [
    {
      method: "POST",
      path: "/api/v2/jobs/{id}/cancel",
      access: "jobs:cancel",
      document: { operationId: "cancelJob", ...CANCEL_DOCUMENT },
      handle,
    },
    {
      method: "DELETE",
      path: "/api/v2/jobs/{id}",
      access: "jobs:cancel",
      document: { operationId: "deleteJob", ...CANCEL_DOCUMENT },
      handle,
    },
    purgeRoute(context),
  ];
}

const CANCEL_DOCUMENT: Omit<OperationDocument, "operationId"> = {
  summary: "Cancel a job",
  description:
    "A waiting job ends at once; the worker of a running one is told. `DELETE` and `POST …/cancel` are the same.",
  tag: "Acting",
  responses: {
    "200": { ...JOB_ANSWER, description: "The job is cancelled." },
    "202": { ...JOB_ANSWER, description: "The running attempt was told to stop." },
  },
  errors: ["job_not_found", "job_purged", "job_already_finished"],
};

async function cancel(context: ServerContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { job, outcome } = await context.engine.cancel(pathJobId(request), { principal: request.principal });
  return reply
    .code(outcome === "cancelled" ? 200 : 202)
    .headers(jobHeaders(job, context.clock.now()))
    .send(jobResourceText(job, { linkBase: context.options.linkBase }));
}

function purgeRoute(context: ServerContext): Route {
  return {
    method: "POST",
    path: "/api/v2/jobs/{id}/purge",
    access: "jobs:cancel",
    document: {
      operationId: "purgeJob",
      summary: "Erase a finished job",
      description:
        "Its parameters, result, events, logs and files go now; a tombstone answers 410 for a while. Needs the scope `jobs:cancel`.",
      tag: "Acting",
      responses: { "204": { description: "It is erased." } },
      errors: ["job_not_found", "job_not_finished", "job_purged"],
    },
    async handle(request, reply) {
      await context.engine.purge(pathJobId(request), { principal: request.principal });
      return reply.code(204).send();
    },
  };
}
