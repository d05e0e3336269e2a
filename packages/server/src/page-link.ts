// The Link header of a page: the same request again, with the cursor of the next one.
import type { FastifyRequest } from "fastify";

export function nextLink(request: FastifyRequest, cursor: string): string {
  const query = new URLSearchParams(request.query as Record<string, string>);
  query.set("cursor", cursor);
  return `<${request.pathname}?${query}>; rel="next"`;
}
