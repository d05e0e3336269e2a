// `?webhookUrl=`: the short way to name a target, for routes whose body has no place for it or where a query is handier.
import { AppError } from "@meanwhile/core";
import { LIMITS } from "@meanwhile/protocol";
import type { FastifyRequest } from "fastify";
import { queryText } from "./query.js";
import type { ParameterDocument } from "./route.js";

export const WEBHOOK_QUERY: Readonly<Record<string, ParameterDocument>> = {
  webhookUrl: {
    schema: { type: "string", minLength: 1, maxLength: LIMITS.webhookUrlCharacters },
    description: "Where the events that end the job are posted to: the same as `webhook.url` in the body of a submit.",
  },
};

/** The member `webhook` that the query stands for, if any. */
export function webhookOfQuery(request: FastifyRequest): { webhook?: { url: string } } {
  const url = queryText(request, "webhookUrl");
  return url === undefined ? {} : { webhook: { url } };
}

/**
 * The envelope with the query's target in it.
 *
 * @throws AppError `invalid_request` where both the body and the query name one.
 */
export function withWebhookOfQuery(request: FastifyRequest, body: unknown): unknown {
  const asked = webhookOfQuery(request);
  // What is no object is refused for that.
  if (asked.webhook === undefined || typeof body !== "object" || body === null || Array.isArray(body)) return body;
  if ("webhook" in body) {
    throw new AppError("invalid_request", {
      message: 'Name the webhook once: as "webhook" in the body, or as "webhookUrl" in the query.',
      details: { parameter: "webhookUrl" },
    });
  }
  return { ...body, ...asked };
}
