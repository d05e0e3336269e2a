// Submitting over HTTP.
import { describe, expect, it } from "vitest";
import { startTestServer } from "../testing/test-server.js";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("POST /api/v2/jobs", () => {
  it("answers 202 with the job and where to ask for it", async () => {
    const { app } = await startTestServer({ worker: false });

    const answer = await app.inject({
      method: "POST",
      url: "/api/v2/jobs",
      payload: { type: "test.echo", parameters: { a: 1 } },
    });

    const job = answer.json();
    expect(answer.statusCode).toBe(202);
    expect(answer.headers).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      location: `/api/v2/jobs/${job.id}`,
      "operation-location": `/api/v2/operations/${job.id}`,
      "retry-after": "1",
      etag: 'W/"1"',
      vary: "Prefer, Authorization",
      "cache-control": "private, no-cache",
      "x-request-id": expect.stringMatching(UUID),
    });
    expect(answer.headers).not.toHaveProperty("preference-applied");
    expect(job).toEqual({
      id: expect.stringMatching(UUID),
      type: "test.echo",
      status: "PENDING",
      statusUrl: `/api/v2/jobs/${job.id}`,
      parameters: { a: 1 },
      progress: 0,
      message: null,
      currentStep: null,
      totalSteps: null,
      estimatedTimeRemainingMs: null,
      priority: 0,
      attempt: 0,
      maxAttempts: expect.any(Number),
      queuePosition: null,
      cancelRequested: false,
      callbackId: null,
      webhookEnabled: false,
      tags: [],
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      updatedAt: job.createdAt,
      startedAt: null,
      completedAt: null,
      runAt: job.createdAt,
      startBy: null,
      completeBy: null,
      purgeAt: null,
      result: null,
      error: null,
      rerunOf: null,
      lastSeq: 1,
      links: {
        self: `/api/v2/jobs/${job.id}`,
        events: `/api/v2/jobs/${job.id}/events`,
        progress: `/api/v2/jobs/${job.id}/progress`,
        result: `/api/v2/jobs/${job.id}/result`,
        logs: `/api/v2/jobs/${job.id}/logs`,
        cancel: `/api/v2/jobs/${job.id}/cancel`,
      },
    });
  });
});
