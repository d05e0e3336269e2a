// The stream of all jobs: every event that the caller may see, as it commits.
import { AppError, isOutage } from "@meanwhile/core";
import { JOB_EVENT_TYPES, JOB_STATUSES } from "@meanwhile/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ServerContext } from "../context.js";
import { acceptsEventStream, EVENT_STREAM, lastEventId, outside, unreadableCursor } from "../event-stream.js";
import { HttpRefusal } from "../problem.js";
import { queryList, queryText } from "../query.js";
import type { Route } from "../route.js";

const VARY = "Accept, Authorization";

export function eventRoutes(context: ServerContext): Route[] {
  return [
    {
      method: "GET",
      path: "/api/v2/events",
      access: "jobs:read",
      ticket: "stream",
      query: {
        type: { schema: { type: "string" }, description: "Only jobs of this type; several with commas." },
        status: {
          schema: { type: "string" },
          description: "Only events that leave their job in this status; several with commas.",
        },
        event: { schema: { type: "string" }, description: "Only events of this type; several with commas." },
        after: {
          schema: { type: "string" },
          description:
            "The id of the event behind which the stream starts. Without it, and without `Last-Event-ID`: from now on.",
        },
      },
      document: {
        operationId: "streamEvents",
        summary: "Follow the events of all jobs",
        description:
          "A stream of server-sent events, in the order of their commits; one's own jobs, or every owner's with the scope `jobs:admin`. Where events are missing behind the id that was sent, because their jobs were purged, the first event is `reset`: read the list of jobs again. What is kept follows.",
        tag: "Following",
        headers: ["Last-Event-ID"],
        responses: {
          "200": {
            description: "The stream. It has no end of its own.",
            headers: ["Cache-Control", "Vary"],
            content: { [EVENT_STREAM]: { type: "string" } },
          },
          "406": { description: "The caller accepts no event stream.", headers: ["Vary"] },
        },
        errors: ["rate_limited"],
      },
      handle: (request, reply) => stream(context, request, reply),
    },
  ];
}

async function stream(context: ServerContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { sse } = context;
  const { principal } = request;
  if (!acceptsEventStream(request)) {
    const message = `This is a stream: send Accept: ${EVENT_STREAM}. The events of one job are there as JSON, too: /api/v2/jobs/{id}/events.`;
    throw new HttpRefusal(406, message, { vary: VARY });
  }
  const wanted = readWanted(request);
  sse.requireRoom(principal);
  const seen = lastEventId(request);
  const after = seen ?? queryText(request, "after");
  const { response, headers } = outside(context, reply, VARY);
  try {
    await sse.followAll(response, { principal, headers, ...wanted, ...(after === undefined ? {} : { after }) });
  } catch (error) {
    if (after !== undefined && isUnreadable(error)) {
      throw unreadableCursor(after, seen === undefined ? 'query parameter "after"' : "header Last-Event-ID");
    }
    if (!isOutage(error)) throw error;
    sse.postpone(response, { headers });
  }
  return reply.hijack();
}

function isUnreadable(error: unknown): boolean {
  return error instanceof AppError && error.code === "invalid_request";
}

function readWanted(request: FastifyRequest) {
  const types = queryList(request, "type");
  const statuses = queryList(request, "status", JOB_STATUSES);
  const events = queryList(request, "event", JOB_EVENT_TYPES);
  return {
    ...(types === undefined ? {} : { types }),
    ...(statuses === undefined ? {} : { statuses }),
    ...(events === undefined ? {} : { events }),
  };
}
