// The answers that hold endpoints, deliveries and secrets.
import type { FastifyReply, FastifyRequest } from "fastify";
import { JOB_CACHE_CONTROL, JSON_TYPE } from "../job-answer.js";
import { nextLink } from "../page-link.js";

export function answerPage(
  request: FastifyRequest,
  reply: FastifyReply,
  page: { items: readonly object[]; nextCursor: string | null },
): FastifyReply {
  if (page.nextCursor !== null) reply.header("link", nextLink(request, page.nextCursor));
  return answerOne(reply, page);
}

export function answerOne(reply: FastifyReply, body: object): FastifyReply {
  return reply
    .headers({ "content-type": JSON_TYPE, "cache-control": JOB_CACHE_CONTROL, vary: "Authorization" })
    .send(JSON.stringify(body));
}

/** What is shown once, or to whoever asks for it: no cache may keep it. */
export function answerSecret(reply: FastifyReply, body: object): FastifyReply {
  return reply.headers({ "content-type": JSON_TYPE, "cache-control": "no-store" }).send(JSON.stringify(body));
}
