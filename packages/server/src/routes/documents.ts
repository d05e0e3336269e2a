// The API described: for machines as OpenAPI, for people as a page.
import { createHash } from "node:crypto";
import { findExampleJob } from "@meanwhile/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import { asyncApiDocument } from "../asyncapi/document.js";
import { matchesEntityTag } from "../conditional.js";
import type { ServerContext } from "../context.js";
import { JSON_TYPE } from "../job-answer.js";
import { docsPage, docsPolicy } from "../openapi/docs-page.js";
import { openApiDocument } from "../openapi/document.js";
import { json } from "../openapi/refs.js";
import type { Route } from "../route.js";

/** @param others Every other route of the server. */
export function documentRoutes(context: ServerContext, others: readonly Route[]): Route[] {
  const routes: Route[] = [
    {
      method: "GET",
      path: "/openapi.json",
      access: "open",
      document: {
        operationId: "getOpenApi",
        summary: "This description, for machines",
        tag: "Operations",
        headers: ["If-None-Match"],
        responses: {
          "200": { description: "An OpenAPI 3.1 document.", headers: ["ETag"], content: json({ type: "object" }) },
          "304": UNCHANGED,
        },
      },
      handle: (request, reply) => answerText(request, reply, specification()),
    },
    {
      method: "GET",
      path: "/asyncapi.json",
      access: "open",
      document: {
        operationId: "getAsyncApi",
        summary: "The channels that tell events, for machines",
        tag: "Operations",
        headers: ["If-None-Match"],
        responses: {
          "200": { description: "An AsyncAPI 3.0 document.", headers: ["ETag"], content: json({ type: "object" }) },
          "304": UNCHANGED,
        },
      },
      handle: (request, reply) => answerText(request, reply, channels(request)),
    },
    {
      method: "GET",
      path: "/docs",
      access: "open",
      document: {
        operationId: "getDocs",
        summary: "This description, for people",
        tag: "Operations",
        headers: ["If-None-Match"],
        responses: {
          "304": UNCHANGED,
          "200": {
            description: "A page that needs no script and no network.",
            content: { "text/html": { type: "string" } },
          },
        },
      },
      handle: async (request, reply) => answerText(request, reply, await page(request)),
    },
  ];
  const document = once(() => openApiDocument([...others, ...routes], context.catalog));
  const specification = once(() => textOf(JSON.stringify(document()), { "content-type": JSON_TYPE }));
  const events = once((request: FastifyRequest) =>
    asyncApiDocument({
      routes: others,
      catalog: context.catalog,
      address: addressOf(request, context),
      messageQueue: context.options.messageQueue,
    }),
  );
  const channels = once((request: FastifyRequest) =>
    textOf(JSON.stringify(events(request)), { "content-type": JSON_TYPE }),
  );
  const page = once(async (request: FastifyRequest) => {
    const trial = { address: addressOf(request, context), job: await findExampleJob(context.catalog) };
    return textOf(docsPage({ requests: document(), channels: events(request) }, trial), pageHeaders());
  });
  return routes;
}

/** The port is the one that was asked: behind a proxy the public URL should be set, and is what counts. */
function addressOf({ socket }: FastifyRequest, { options: { linkBase } }: ServerContext): string {
  return linkBase === "" ? `localhost:${socket.localPort ?? 8080}` : linkBase;
}

const pageHeaders = () => ({
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": docsPolicy(),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
});

const UNCHANGED = { description: "It is the one that `If-None-Match` names.", headers: ["ETag"] };

interface StaticText {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

function textOf(body: string, headers: Readonly<Record<string, string>>): StaticText {
  const etag = `"${createHash("sha256").update(body).digest("base64url")}"`;
  return { body, headers: { ...headers, etag, "cache-control": "no-cache" } };
}

function answerText(request: FastifyRequest, reply: FastifyReply, { body, headers }: StaticText): FastifyReply {
  const ifNoneMatch = request.headers["if-none-match"];
  if (ifNoneMatch === undefined || !matchesEntityTag(ifNoneMatch, headers.etag!))
    return reply.headers(headers).send(body);
  const { "content-type": _, ...rest } = headers;
  return reply.code(304).headers(rest).send();
}

/** Made when somebody asks first: most processes never serve it. */
function once<T, From extends unknown[]>(make: (...from: From) => T): (...from: From) => T {
  let made: { value: T } | undefined;
  return (...from) => {
    made ??= { value: make(...from) };
    return made.value;
  };
}
