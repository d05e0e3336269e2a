// The events of one job: as pages, or as a stream (server-sent events).
import { AppError, isOutage, type Job } from "@meanwhile/core";
import { isTerminal } from "@meanwhile/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ServerContext } from "../context.js";
import { EVENT_STREAM, lastEventId, outside, prefersEventStream, unreadableCursor } from "../event-stream.js";
import { JOB_CACHE_CONTROL, JOB_VARY, JSON_TYPE } from "../job-answer.js";
import { json, ref } from "../openapi/refs.js";
import { AFTER_PARAMETER, LIMIT_PARAMETER, pathJobId, queryAfter, queryLimit } from "../query.js";
import type { Route } from "../route.js";

const VARY = `Accept, ${JOB_VARY}`;

export function jobEventRoutes(context: ServerContext): Route[] {
  return [
    {
      method: "GET",
      path: "/api/v2/jobs/{id}/events",
      access: "jobs:read",
      ticket: "job",
      query: { after: AFTER_PARAMETER, limit: LIMIT_PARAMETER },
      document: {
        operationId: "listEvents",
        summary: "Read the events of a job, in order, or follow them",
        description:
          "As JSON: one page; `nextCursor` is the `after` of the next one, and null only once the job's last event was given.\n\nWith `Accept: text/event-stream`: a stream of server-sent events, from the first event or from behind `Last-Event-ID` (or `after`). It ends after the job's last event; a reader that has it already gets 204.",
        tag: "Following",
        headers: ["Last-Event-ID"],
        responses: {
          "200": {
            description: "A page of events, or the stream of them.",
            headers: ["Cache-Control", "Vary"],
            content: { ...json(ref("EventPage")), [EVENT_STREAM]: { type: "string" } },
          },
          "204": {
            description: "Only to readers of streams: the job has ended, and its last event is known.",
            headers: ["Vary"],
          },
        },
        errors: ["job_not_found", "job_purged", "rate_limited"],
      },
      handle: (request, reply) =>
        prefersEventStream(request) ? stream(context, request, reply) : page(context, request, reply),
    },
  ];
}

async function page(context: ServerContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const after = queryAfter(request);
  const { events, ended } = await context.engine.events(pathJobId(request), {
    principal: request.principal,
    after,
    limit: queryLimit(request),
  });
  const nextCursor = ended ? null : String(events.at(-1)?.seq ?? after);
  return reply
    .headers({ "content-type": JSON_TYPE, "cache-control": JOB_CACHE_CONTROL, vary: VARY })
    .send(JSON.stringify({ items: events, nextCursor }));
}

async function stream(context: ServerContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { engine, sse } = context;
  const { principal } = request;
  const after = readCursor(request);
  sse.requireRoom(principal);
  let job: Job;
  try {
    job = await engine.get(pathJobId(request), { principal });
  } catch (error) {
    if (!isOutage(error)) throw error;
    const { response, headers } = outside(context, reply, VARY);
    sse.postpone(response, { headers });
    return reply.hijack();
  }
  if (after >= job.lastSeq && isTerminal(job.status)) return reply.code(204).header("vary", VARY).send();
  if (after > job.lastSeq) throw beyondTheEnd(after, job);
  const { response, headers } = outside(context, reply, VARY);
  sse.followJob(response, { job, after, principal, headers });
  return reply.hijack();
}

/** What the reader says by itself when it comes back stands over what its address said at first. */
function readCursor(request: FastifyRequest): number {
  const seen = lastEventId(request);
  if (seen === undefined) return queryAfter(request);
  if (/^\d{1,15}$/.test(seen)) return Number(seen);
  throw unreadableCursor(seen, "header Last-Event-ID");
}

function beyondTheEnd(after: number, { lastSeq }: Job): AppError {
  return new AppError("invalid_request", {
    message: `The job has ${lastSeq} events so far; ${after} is beyond them. Resume with the id of an event that was seen.`,
    details: { after, lastSeq },
  });
}
