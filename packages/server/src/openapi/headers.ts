// Every header that callers send or get, described once.
import type { JsonSchema } from "../route.js";

interface HeaderDocument {
  readonly description: string;
  readonly schema: JsonSchema;
}

const text = { type: "string" };

export const REQUEST_HEADERS: Readonly<Record<string, HeaderDocument>> = {
  "Idempotency-Key": {
    description: "The caller's own name for this request, quoted or bare: sent again, it gives the first job again.",
    schema: { type: "string", minLength: 1, maxLength: 512 },
  },
  Prefer: {
    description: "`respond-async`, `wait=N` (seconds, at most 60); others are ignored.",
    schema: text,
  },
  "If-None-Match": { description: "Versions that the caller has already.", schema: text },
  "Last-Event-ID": {
    description:
      "The id of the last event that was seen; readers of streams send it by themselves when they come back.",
    schema: text,
  },
  Range: { description: "One range of bytes, for instance `bytes=0-1023`.", schema: text },
  "If-Range": { description: "The `ETag` of the part that the caller has.", schema: text },
  "Content-Disposition": { description: "The name of a bare body: `attachment; filename*=UTF-8''name`.", schema: text },
  traceparent: { description: "W3C Trace Context; a malformed one is ignored.", schema: text },
  tracestate: { description: "W3C Trace Context.", schema: text },
};

export const RESPONSE_HEADERS: Readonly<Record<string, HeaderDocument>> = {
  "X-Request-Id": {
    description: "Names this request in the server's log.",
    schema: { type: "string", format: "uuid" },
  },
  ETag: { description: "The version of what is answered.", schema: text },
  "Cache-Control": { description: "Whether it may be kept.", schema: text },
  Vary: { description: "Request headers that the answer depends on.", schema: text },
  "Retry-After": { description: "Seconds until asking again makes sense.", schema: { type: "integer", minimum: 1 } },
  Location: { description: "Where the job, the file or the result is.", schema: text },
  "Operation-Location": { description: "The job as a long-running operation.", schema: text },
  "Preference-Applied": { description: "The preferences that were honoured.", schema: text },
  "Idempotent-Replayed": {
    description: "`true` where the idempotency key had made the job before.",
    schema: { const: "true" },
  },
  Link: { description: "The next page, or the successor of an old version.", schema: text },
  Deprecation: { description: "Since when it is old (RFC 9745).", schema: text },
  Sunset: { description: "Until when it stays (RFC 8594).", schema: text },
  "Accept-Ranges": { description: "`bytes`.", schema: { const: "bytes" } },
  "Content-Range": { description: "Which bytes these are.", schema: text },
  "Content-Disposition": { description: "`attachment`, with the file's name.", schema: text },
  "Repr-Digest": { description: "SHA-256 of the whole file (RFC 9530).", schema: text },
  "WWW-Authenticate": { description: "How to send credentials (RFC 6750).", schema: text },
};
