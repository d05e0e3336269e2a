// The readable API page: plain HTML made from the OpenAPI document, without script, styled by one inline sheet that the
// content security policy names by its hash.
import { createHash } from "node:crypto";
import type { ExampleJob } from "@meanwhile/core";
import { ERROR_CODES } from "@meanwhile/protocol";
import type { AsyncApiDocument } from "../asyncapi/document.js";
import type { JsonSchema } from "../route.js";
import { DOCS_STYLE } from "./docs-style.js";
import type { OpenApiDocument, Operation } from "./document.js";
import { describeSchema, escapeHtml, inline } from "./html.js";

export function docsPolicy(): string {
  const hash = createHash("sha256").update(DOCS_STYLE).digest("base64");
  return `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}

export interface Trial {
  /** Where readers reach this server. */
  readonly address: string;
  readonly job: ExampleJob | undefined;
}

export interface Described {
  readonly requests: OpenApiDocument;
  readonly channels: AsyncApiDocument;
}

export function docsPage({ requests: document, channels }: Described, trial: Trial): string {
  const sections = document.tags.map((tag) => tagSection(document, tag)).join("");
  const contents = document.tags
    .map(({ name }) => `<li><a href="#${anchor(name)}">${escapeHtml(name)}</a></li>`)
    .join("");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(document.info.title)} API</title>
<style>${DOCS_STYLE}</style>
</head>
<body>
<nav aria-label="Contents"><p class="brand">${escapeHtml(document.info.title)}</p><ul>${contents}<li><a href="#channels">Channels</a></li><li><a href="#shapes">Shapes</a></li><li><a href="#refusals">Refusals</a></li></ul><p>For machines: <a href="/openapi.json">openapi.json</a>, <a href="/asyncapi.json">asyncapi.json</a></p></nav>
<main>
<h1>The API</h1>
<p>${inline(document.info.description)}</p>
${tryIt(trial)}
${sections}
${channelTable(channels)}
${shapes(document)}
${refusals()}
</main>
</body>
</html>
`;
}

function tryIt({ address, job }: Trial): string {
  if (job === undefined) return "";
  const command = `curl -s ${address}/api/v2/jobs -H 'content-type: application/json' \\\n  -d '${JSON.stringify(job).replaceAll("'", "'\\''")}'`;
  return `<pre class="try"><code>${escapeHtml(command)}</code></pre>`;
}

function tagSection(
  { paths, webhooks }: OpenApiDocument,
  { name, description }: OpenApiDocument["tags"][number],
): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method, operation]) => method !== "head" && operation.tags.includes(name))
      .map(([method, operation]) => operationBlock(method, path, operation)),
  );
  const posts = Object.values(webhooks as Readonly<Record<string, { post: Operation }>>)
    .filter(({ post }) => post.tags.includes(name))
    .map(({ post }) => operationBlock("post", "your address", post));
  return `<section id="${anchor(name)}"><h2>${escapeHtml(name)}</h2><p>${inline(description)}</p>${operations.join("")}${posts.join("")}</section>`;
}

function channelTable({ info, channels }: AsyncApiDocument): string {
  const rows = Object.values(channels).map(
    ({ title, address, description }) =>
      `<tr><td>${escapeHtml(title)}</td><td><code>${escapeHtml(address ?? "your address")}</code></td><td>${inline(description)}</td></tr>`,
  );
  return `<section id="channels"><h2>Channels</h2><p>${inline(info.description)}</p><div class="wide"><table><tr><th>channel</th><th>where</th><th>how</th></tr>${rows.join("")}</table></div></section>`;
}

function operationBlock(method: string, path: string, operation: Operation): string {
  const { operationId, summary, description = "", deprecated } = operation;
  const flag = deprecated ? ' <span class="flag">deprecated</span>' : "";
  const isOurs = path.startsWith("/");
  const open = isOurs && operation.security.length === 0 ? ' <span class="flag">no credentials</span>' : "";
  return `<details id="${escapeHtml(operationId)}"><summary><span class="method ${method}">${method.toUpperCase()}</span> <code>${escapeHtml(path)}</code> <span class="what">${inline(summary)}</span>${flag}${open}</summary>
<div class="body"><p>${inline(description)}</p>${parameterTable(operation)}${requestBlock(operation)}${responseTable(operation)}</div></details>`;
}

function parameterTable({ parameters }: Operation): string {
  const rows = parameters
    .filter((parameter) => parameter.in !== "path")
    .map(
      ({ name, in: place, schema, description }) =>
        `<tr><td><code>${escapeHtml(name)}</code></td><td>${place}</td><td>${describeSchema(schema)}</td><td>${inline(description)}</td></tr>`,
    );
  return rows.length === 0 ? "" : `<h4>Parameters</h4><table>${rows.join("")}</table>`;
}

function requestBlock({ requestBody }: Operation): string {
  if (requestBody === undefined) return "";
  const rows = Object.entries(requestBody.content).map(
    ([mediaType, { schema }]) =>
      `<tr><td><code>${escapeHtml(mediaType)}</code></td><td>${describeSchema(schema)}</td></tr>`,
  );
  return `<h4>Body</h4><table>${rows.join("")}</table>`;
}

function responseTable({ responses }: Operation): string {
  const rows = Object.entries(responses)
    .filter(([status]) => status !== "default")
    .map(
      ([status, response]) =>
        `<tr><td><code>${status}</code></td><td>${inline(response.description)}</td><td>${contentNames(response.content)}</td></tr>`,
    );
  return `<h4>Answers</h4><table>${rows.join("")}</table>`;
}

function contentNames(content: unknown): string {
  if (typeof content !== "object" || content === null) return "";
  return Object.entries(content as Record<string, { schema: JsonSchema }>)
    .map(([mediaType, { schema }]) => (mediaType === "application/problem+json" ? "" : describeSchema(schema)))
    .join(", ");
}

// The anchor stands inside: browsers open what a link leads into, and not what it leads to.
function shapes({ components }: OpenApiDocument): string {
  const blocks = Object.entries(components.schemas).map(
    ([name, schema]) =>
      `<details><summary><code>${escapeHtml(name)}</code></summary><div class="body" id="shape-${escapeHtml(name)}">${describeSchema(schema, { whole: true })}</div></details>`,
  );
  return `<section id="shapes"><h2>Shapes</h2>${blocks.join("")}</section>`;
}

function refusals(): string {
  const rows = Object.entries(ERROR_CODES).map(
    ([code, { httpStatus, title, retry }]) =>
      `<tr id="${code}"><td><code>${code}</code></td><td>${httpStatus}</td><td>${escapeHtml(title)}</td><td>${RETRY_WORDS[retry]}</td></tr>`,
  );
  return `<section id="refusals"><h2>Refusals</h2><p>The <code>type</code> of a problem leads here.</p><div class="wide"><table><tr><th>code</th><th>status</th><th>meaning</th><th>the same request again?</th></tr>${rows.join("")}</table></div></section>`;
}

const RETRY_WORDS = { no: "no", maybe: "maybe", after: "after Retry-After" };

function anchor(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
}
