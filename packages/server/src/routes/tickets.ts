// Tickets: asked for with credentials, used where none can be sent.
import { AppError } from "@meanwhile/core";
import { escapePointer, toInstantText } from "@meanwhile/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import { TICKET_TTL_MS, type TicketScope } from "../auth/tickets.js";
import type { ServerContext } from "../context.js";
import { JSON_TYPE } from "../job-answer.js";
import { json, ref } from "../openapi/refs.js";
import { pathJobId } from "../query.js";
import type { OperationDocument, Route } from "../route.js";

export function ticketRoutes(context: ServerContext): Route[] {
  return [
    {
      method: "POST",
      path: "/api/v2/jobs/{id}/ticket",
      access: "jobs:read",
      body: "json",
      document: {
        operationId: "createJobTicket",
        summary: "Get a ticket that reads this job",
        ...DOCUMENT,
        errors: ["job_not_found", "job_purged", "invalid_parameters"],
      },
      async handle(request, reply) {
        const { id } = await context.engine.get(pathJobId(request), { principal: request.principal });
        return issue(context, request, reply, { jobId: id });
      },
    },
    {
      method: "POST",
      path: "/api/v2/events/ticket",
      access: "jobs:read",
      body: "json",
      document: {
        operationId: "createStreamTicket",
        summary: "Get a ticket that reads the stream of all jobs",
        ...DOCUMENT,
        errors: ["invalid_parameters"],
      },
      handle: (request, reply) => issue(context, request, reply, "stream"),
    },
  ];
}

const DOCUMENT: Pick<OperationDocument, "description" | "tag" | "requestBody" | "responses"> = {
  description:
    "For browsers, whose `EventSource` and `WebSocket` send no `Authorization` header: put it into the address as `?ticket=`. It reads, and nothing else; it holds until it expires, reconnects included, and dies with the credential that asked for it. Without a body it holds for 15 minutes.",
  tag: "Following",
  requestBody: { required: false, content: json(ref("NewTicket")) },
  responses: {
    "200": {
      description: "The ticket. Treat it like a password.",
      headers: ["Cache-Control"],
      content: json(ref("Ticket")),
    },
  },
};

async function issue(
  { tickets }: ServerContext,
  request: FastifyRequest,
  reply: FastifyReply,
  scope: TicketScope,
): Promise<FastifyReply> {
  const ttlMs = readTtl(request.body);
  const { ticket, expiresAt } = await tickets.issue({ principal: request.principal, scope, ttlMs });
  return reply
    .headers({ "content-type": JSON_TYPE, "cache-control": "no-store" })
    .send(JSON.stringify({ ticket, expiresAt: toInstantText(expiresAt) }));
}

/** @throws AppError `invalid_parameters` with a pointer. */
function readTtl(body: unknown): number {
  if (body === undefined) return TICKET_TTL_MS.default;
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw refusal("#", "The body must be an object, or be left out.");
  }
  const unknown = Object.keys(body).find((name) => name !== "ttlMs");
  if (unknown !== undefined)
    throw refusal(`#/${escapePointer(unknown.slice(0, 100))}`, "Not a member of this request. There is: ttlMs.");
  const { ttlMs = TICKET_TTL_MS.default } = body as { ttlMs?: unknown };
  const { min, max } = TICKET_TTL_MS;
  if (typeof ttlMs === "number" && Number.isInteger(ttlMs) && ttlMs >= min && ttlMs <= max) return ttlMs;
  const shown = typeof ttlMs === "number" ? String(ttlMs) : ttlMs === null ? "null" : `a value of type ${typeof ttlMs}`;
  const wanted = `a whole number of milliseconds from ${min} to ${max} (24 hours)`;
  throw refusal("#/ttlMs", `Expected ${wanted}, got ${shown}.`);
}

function refusal(pointer: string, detail: string): AppError {
  return new AppError("invalid_parameters", { message: `${pointer}: ${detail}`, faults: [{ pointer, detail }] });
}
