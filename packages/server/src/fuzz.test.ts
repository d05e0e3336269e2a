// Random requests drawn from the OpenAPI document: every answer is harmless, and is one that the document describes.
// MEANWHILE_FUZZ_REQUESTS sets how many (default 400); the seed of a failure is in its message.
import fc from "fast-check";
import { expect, it } from "vitest";
import type { OpenApiDocument } from "./openapi/document.js";
import { createAnswerCheck } from "./testing/answer-schemas.js";
import { requireHarmless } from "./testing/harmless.js";
import { requestArbitrary } from "./testing/request-arbitrary.js";
import { ask, get, post, submit } from "./testing/requests.js";
import { startTestServer } from "./testing/test-server.js";

const REQUESTS = Number(process.env.MEANWHILE_FUZZ_REQUESTS ?? 400);
const MS_PER_REQUEST = 50;

it(
  `stays calm under ${REQUESTS} random requests`,
  async () => {
    const server = await startTestServer();
    const document: OpenApiDocument = (await get(server, "/openapi.json")).json();
    const finished = await submit(server, { type: "test.echo" }, { prefer: "wait=30" });
    const delayed = await submit(server, { type: "test.echo", delayMs: 3_600_000 });
    const upload = await post(server, "/api/v2/files", "0123456789", { "content-type": "text/plain" });
    const hooks = { url: "https://hooks.example.com/" };
    const endpoint = await post(server, "/api/v2/webhooks/endpoints", hooks);
    await submit(server, { type: "test.echo", webhook: hooks }, { prefer: "wait=30" });
    const deliveries = await get(server, "/api/v2/webhooks/deliveries");
    const findFault = createAnswerCheck(document);
    const things = [upload.json(), endpoint.json(), ...deliveries.json().items] as { id: string }[];
    const ids = [finished.id, delayed.id, ...things.map(({ id }) => id)];
    const statuses = new Map<number, number>();

    await fc.assert(
      fc.asyncProperty(requestArbitrary(document, ids), async (request) => {
        const answer = await ask(server, request.options);
        statuses.set(answer.statusCode, (statuses.get(answer.statusCode) ?? 0) + 1);
        requireHarmless(answer, request.operationId);
        expect(findFault(request.operationId, answer), answer.body.slice(0, 1_000)).toBeUndefined();
        expect(server.complaints).toEqual([]);
      }),
      { numRuns: REQUESTS, endOnFailure: true },
    );

    // A run that only ever heard refusals has shown little.
    expect(statuses.get(202) ?? 0).toBeGreaterThan(REQUESTS / 150);
    expect(statuses.get(200) ?? 0).toBeGreaterThan(REQUESTS / 50);
  },
  30_000 + REQUESTS * MS_PER_REQUEST,
);
