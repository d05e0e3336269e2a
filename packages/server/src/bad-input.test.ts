// Bad input over every endpoint: a refusal with a problem document, never a 5xx, a hang or a stack trace.
import { LIMITS } from "@meanwhile/protocol";
import type { InjectOptions } from "fastify";
import { describe, expect, it } from "vitest";
import { requireHarmless } from "./testing/harmless.js";
import { post, submit } from "./testing/requests.js";
import { startTestServer, type TestServer } from "./testing/test-server.js";

const JSON_TYPE = { "content-type": "application/json" };
const nested = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth);

interface BadBody {
  readonly payload: string | Buffer;
  readonly headers?: Record<string, string>;
  readonly status: number | readonly number[];
}

/** Bodies that no JSON endpoint takes. */
const BAD_BODIES: Readonly<Record<string, BadBody>> = {
  "broken JSON": { payload: '{"type":', status: 400 },
  "text after JSON": { payload: "{} {}", status: 400 },
  "a byte order mark": { payload: "\ufeff{}", status: 400 },
  "invalid UTF-8": { payload: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), status: 400 },
  "an empty body": { payload: "", status: 400 },
  "white space": { payload: "  \n ", status: 400 },
  "deep lists": { payload: nested(100_000, "[", "]"), status: 400 },
  "deep objects": { payload: `{"type":"test.echo","parameters":${'{"a":'.repeat(70)}1${"}".repeat(70)}}`, status: 400 },
  "an unclosed depth": { payload: '[{"a":'.repeat(50_000), status: 400 },
  __proto__: { payload: '{"type":"test.echo","__proto__":{"polluted":1}}', status: 400 },
  "__proto__ inside": { payload: '{"type":"test.echo","parameters":{"a":[{"__proto__":{}}]}}', status: 400 },
  "__proto__ in escapes": { payload: '{"\\u005f\\u005fproto__":1}', status: 400 },
  NaN: { payload: "NaN", status: 400 },
  "too large a body": { payload: `{"type":"${"x".repeat(LIMITS.bodyBytes)}"}`, status: [413, 422] },
  "another media type": {
    payload: "type=test.echo",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    status: 415,
  },
  "no media type": { payload: "{}", headers: { "content-type": "" }, status: 415 },
  "a media type that is none": { payload: "{}", headers: { "content-type": "json" }, status: 415 },
  "a compressed body": { payload: "{}", headers: { ...JSON_TYPE, "content-encoding": "gzip" }, status: 415 },
};

/** JSON that is none of an envelope. */
const BAD_VALUES: Readonly<Record<string, string>> = {
  null: "null",
  "a number": "7",
  "a text": '"test.echo"',
  "a list": "[1,2]",
  "no members": "{}",
  "an unknown member": '{"type":"test.echo","more":1}',
  "a type that is a number": '{"type":1}',
  "a type that is an object": '{"type":{"toString":"x"}}',
  "a type named like a method": '{"type":"constructor"}',
  "parameters that are a list": '{"type":"test.echo","parameters":[]}',
  "parameters that are text": '{"type":"test.echo","parameters":"x"}',
  "a huge number": '{"type":"test.echo","priority":1e400}',
  "a fraction": '{"type":"test.echo","delayMs":1.5}',
  "a number beyond safety": '{"type":"test.echo","delayMs":99999999999999999999}',
  "a negative delay": '{"type":"test.echo","delayMs":-1}',
  "a date that is none": '{"type":"test.echo","runAt":"2026-02-31T25:00:00Z"}',
  "a year beyond time": '{"type":"test.echo","runAt":"999999-01-01T00:00:00Z"}',
  "NUL in a text": '{"type":"test.echo","callbackId":"a\\u0000b"}',
  "NUL in parameters": '{"type":"test.echo","parameters":{"a":["\\u0000"]}}',
  "NUL in a name": '{"type":"test.echo","parameters":{"a\\u0000":1}}',
  "a lone surrogate": '{"type":"test.echo","parameters":{"a":"\\ud800"}}',
  "too many tags": `{"type":"test.echo","tags":${JSON.stringify(Array.from({ length: 100 }, String))}}`,
  "tags that are numbers": '{"type":"test.echo","tags":[1]}',
  "a very long word": JSON.stringify({ type: "test.echo", callbackId: "x".repeat(100_000) }),
  "a key in the body": '{"type":"test.echo","idempotencyKey":"k"}',
};

const TAKING_JSON = [
  "/api/v2/jobs",
  "/api/v1/jobs",
  "/api/v2/jobs/batch",
  "/api/forms",
  "/api/files/convert",
  "/api/v2/webhooks/endpoints",
];

describe.each(TAKING_JSON)("POST %s", (url) => {
  it("refuses every body that is no good JSON", async () => {
    const server = await startTestServer({ worker: false });

    for (const [what, { payload, headers = JSON_TYPE, status }] of Object.entries(BAD_BODIES)) {
      const answer = await send(server, { method: "POST", url, payload, headers });
      expect([status].flat(), `${what}: ${answer.body}`).toContain(answer.statusCode);
    }

    await expectNoJobs(server);
  });

  it("refuses every value that is none of its own", async () => {
    const server = await startTestServer({ worker: false });

    for (const [what, payload] of Object.entries(BAD_VALUES)) {
      const answer = await send(server, { method: "POST", url, payload, headers: JSON_TYPE });
      expect(answer.statusCode, `${what}: ${answer.body}`).toBe(422);
      expect(answer.json().errors?.[0], what).toMatchObject({
        pointer: expect.stringMatching(/^#/),
        detail: expect.any(String),
      });
    }

    await expectNoJobs(server);
  });
});

it("no endpoint is changed by a body that is no good JSON, nor by a value that is no change", async () => {
  const server = await startTestServer({ worker: false });
  const made = await post(server, "/api/v2/webhooks/endpoints", { url: "https://hooks.example.com/" });
  const { secret: _, ...endpoint } = made.json();
  const url = `/api/v2/webhooks/endpoints/${endpoint.id}`;

  for (const [what, { payload, headers = JSON_TYPE, status }] of Object.entries(BAD_BODIES)) {
    const answer = await send(server, { method: "PATCH", url, payload, headers });
    expect([status].flat(), `${what}: ${answer.body}`).toContain(answer.statusCode);
  }
  for (const [what, payload] of Object.entries(BAD_VALUES)) {
    if (what === "no members") continue;
    const answer = await send(server, { method: "PATCH", url, payload, headers: JSON_TYPE });
    expect(answer.statusCode, `${what}: ${answer.body}`).toBe(422);
  }

  expect((await send(server, { method: "GET", url })).json()).toEqual(endpoint);
});

describe("bad ids, queries and headers", () => {
  const IDS = [
    "42",
    "..%2f..",
    "%00",
    "%ff",
    "%",
    "x".repeat(5_000),
    "0199C0DE-7A10-7C3E-9B0A-3F5D6A1B2C3D",
    "__proto__",
    "0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d",
  ];
  const READS = ["", "/progress", "/result", "/events", "/logs", "/longpoll"].map(
    (path) => (id: string) => `/api/v2/jobs/${id}${path}`,
  );
  const PATHS = [
    ...READS,
    (id: string) => `/api/v1/jobs/${id}`,
    (id: string) => `/api/v2/operations/${id}`,
    (id: string) => `/api/v2/files/${id}`,
    (id: string) => `/api/files/conversions/${id}`,
    (id: string) => `/api/files/download/${id}`,
    (id: string) => `/api/v2/webhooks/endpoints/${id}`,
    (id: string) => `/api/v2/webhooks/deliveries/${id}`,
  ];

  it("ids that lead nowhere are 404, escapes that cannot be read 400", async () => {
    const server = await startTestServer({ worker: false });

    for (const path of PATHS) {
      for (const id of IDS) {
        const answer = await send(server, { method: "GET", url: path(id) });
        expect([400, 404], `${path(id)}: ${answer.body}`).toContain(answer.statusCode);
        if (answer.statusCode === 400) expect(id).toMatch(/%/);
      }
    }
  });

  it("acting on ids that lead nowhere is 404", async () => {
    const server = await startTestServer({ worker: false });

    for (const id of IDS.filter((candidate) => !candidate.includes("%"))) {
      for (const path of ["cancel", "rerun", "purge"]) {
        expect((await send(server, { method: "POST", url: `/api/v2/jobs/${id}/${path}` })).statusCode).toBe(404);
      }
      expect((await send(server, { method: "DELETE", url: `/api/v2/jobs/${id}` })).statusCode).toBe(404);
      expect((await send(server, { method: "DELETE", url: `/api/v2/files/${id}` })).statusCode).toBe(404);
      const endpoint = `/api/v2/webhooks/endpoints/${id}`;
      const payload = { since: "2026-01-01T00:00:00Z" };
      for (const action of [
        { method: "DELETE", url: endpoint },
        { method: "PATCH", url: endpoint, payload: {} },
        { method: "POST", url: `${endpoint}/rotate-secret` },
        { method: "POST", url: `${endpoint}/recover`, payload },
        { method: "POST", url: `/api/v2/webhooks/deliveries/${id}/retry` },
      ] as const) {
        expect((await send(server, action)).statusCode, `${action.method} ${action.url}`).toBe(404);
      }
    }
  });

  const QUERIES = [
    "limit=-1",
    "limit=1e9",
    "limit=",
    "limit[]=1",
    "after=abc",
    "after=-1",
    "after=1.0",
    "cursor=%00",
    "cursor=e30",
    "cursor[a]=b",
    "unknown",
    "__proto__=1",
    "=1",
    "limit=1&limit=1",
    "%ff=1",
    "a".repeat(5_000),
  ];

  it("queries that cannot be read are 400, on every page alike", async () => {
    const server = await startTestServer({ worker: false });
    const { id } = await submit(server, { type: "test.echo" });

    for (const path of ["", `/${id}/events`, `/${id}/logs`]) {
      for (const query of QUERIES) {
        const answer = await send(server, { method: "GET", url: `/api/v2/jobs${path}?${query}` });
        expect(answer.statusCode, `${path}?${query}: ${answer.body}`).toBe(400);
      }
    }
    for (const path of ["endpoints", "deliveries"]) {
      for (const query of [...QUERIES, "jobId=1", "endpointId=x", "status=PENDNG"]) {
        const answer = await send(server, { method: "GET", url: `/api/v2/webhooks/${path}?${query}` });
        expect(answer.statusCode, `${path}?${query}: ${answer.body}`).toBe(400);
      }
    }
  });

  const HEADERS: readonly Record<string, string>[] = [
    { prefer: ",,;;==" },
    { prefer: 'wait="1' },
    { prefer: "wait=-5, respond-async=\u00ff" },
    { "if-none-match": ",,," },
    { "if-none-match": 'W/"'.repeat(2_000) },
    { range: "bytes=0-1,".repeat(500) },
    { traceparent: "00-".repeat(1_000) },
    { traceparent: "\u00ff" },
    { tracestate: "x".repeat(8_000) },
    { accept: "\u00ff/*;q=9" },
    { "content-length": "0" },
    { authorization: "Bearer ".repeat(500) },
    { "x-http-method-override": "DELETE" },
  ];

  it("headers that mean nothing are passed over", async () => {
    const server = await startTestServer({ worker: false });
    const { id } = await submit(server, { type: "test.echo" });

    for (const headers of HEADERS) {
      const answer = await send(server, {
        method: "GET",
        url: `/api/v2/jobs/${id}`,
        headers,
      });
      expect([200, 304], JSON.stringify(headers).slice(0, 80)).toContain(answer.statusCode);
    }
  });

  it("methods that a path does not take are 405 with what it does take", async () => {
    const server = await startTestServer({ worker: false });
    const { id } = await submit(server, { type: "test.echo" });
    const allowed = {
      "/api/v2/jobs": "GET, HEAD, POST",
      "/api/v2/jobs/batch": "POST",
      [`/api/v2/jobs/${id}`]: "DELETE, GET, HEAD",
      [`/api/v2/jobs/${id}/cancel`]: "POST",
      [`/api/v2/files/${id}`]: "DELETE, GET, HEAD",
      "/api/forms": "POST",
      "/api/v2/webhooks/endpoints": "GET, HEAD, POST",
      "/api/v2/webhooks/secret": "GET, HEAD",
      "/healthz": "GET, HEAD",
    };

    for (const [url, methods] of Object.entries(allowed)) {
      const answer = await send(server, { method: "PATCH", url, payload: "{broken", headers: JSON_TYPE });
      expect(answer.statusCode, url).toBe(405);
      expect(answer.headers.allow).toContain(methods.split(", ")[0]);
      for (const method of methods.split(", ")) expect(String(answer.headers.allow)).toContain(method);
    }
  });

  it.each([
    "/",
    "/api",
    "/api/v2",
    "/api/v2/jobs/",
    "/API/V2/JOBS",
    "/api/v3/jobs",
    "//",
    "/api/v2/jobs/a/b/c",
    "/%2e%2e/etc/passwd",
  ])("nothing is served under %s", async (url) => {
    const server = await startTestServer({ worker: false });

    expect((await send(server, { method: "GET", url })).json()).toMatchObject({ status: 404 });
  });
});

async function send(server: TestServer, options: InjectOptions) {
  const answer = await server.app.inject(options);
  requireHarmless(answer, `${options.method} ${String(options.url).slice(0, 100)}`);
  expect(server.complaints).toEqual([]);
  return answer;
}

async function expectNoJobs(server: TestServer): Promise<void> {
  expect((await server.app.inject({ url: "/api/v2/jobs" })).json().items).toEqual([]);
}
