// Progress, results, events and logs over HTTP.
import { describe, expect, it } from "vitest";
import { get, post, runningJob, submit } from "../testing/requests.js";
import { startTestServer } from "../testing/test-server.js";

const JOBS = "/api/v2/jobs";

describe("GET …/progress", () => {
  it("gives a percentage", async () => {
    const server = await startTestServer();
    const { id } = await submit(server, { type: "test.gated", parameters: { gate: "g", progress: 0.3333 } });
    await get(server, `${JOBS}/${id}`, { prefer: "wait=30", "if-none-match": 'W/"2"' });

    const answer = await get(server, `${JOBS}/${id}/progress`);

    expect(answer.json()).toEqual({
      id,
      status: "PROCESSING",
      progressPercentage: 33.33,
      currentStep: 1,
      totalSteps: 4,
      estimatedTimeRemainingMs: expect.any(Number),
      message: "under way",
    });
    expect(answer.headers["retry-after"]).toBe("1");
  });

  it("is at its end for a finished job", async () => {
    const server = await startTestServer();
    const { id } = await submit(server, { type: "test.echo" }, { prefer: "wait=30" });

    const answer = await get(server, `${JOBS}/${id}/progress`);

    expect(answer.json()).toMatchObject({ status: "COMPLETED", progressPercentage: 100 });
    expect(answer.headers).not.toHaveProperty("retry-after");
  });
});

describe("GET …/result", () => {
  it("gives the bare result, as it was stored", async () => {
    const server = await startTestServer();
    const parameters = { text: "\u2028 \ud83d\ude00 </script>", deep: [{ n: 1e-7 }], none: null };
    const { id } = await submit(server, { type: "test.echo", parameters }, { prefer: "wait=30" });

    const answer = await get(server, `${JOBS}/${id}/result`);

    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual(parameters);
  });

  it("of a file result leads to the file", async () => {
    const server = await startTestServer();
    const upload = await post(server, "/api/v2/files", "hello", { "content-type": "text/plain" });
    const parameters = { file: upload.json().id, targetFormat: "txt" };
    const { id } = await submit(server, { type: "test.copy", parameters }, { prefer: "wait=30" });

    const answer = await get(server, `${JOBS}/${id}/result`);

    expect(answer.statusCode).toBe(303);
    expect(answer.headers.location).toBe(`/api/v2/files/${answer.json().file}`);
    expect((await get(server, String(answer.headers.location))).body).toBe("hello");
  });

  it.each([
    ["has not finished", "test.gated", { gate: "g" }, "job_not_finished"],
    ["failed", "test.fail", { code: "bad", message: "It broke." }, "job_failed"],
  ])("of a job that %s answers 409", async (_what, type, parameters, code) => {
    const server = await startTestServer();
    const { id } = await submit(server, { type, parameters }, { prefer: code === "job_failed" ? "wait=30" : "" });

    const answer = await get(server, `${JOBS}/${id}/result`);

    expect(answer.statusCode).toBe(409);
    expect(answer.json()).toMatchObject({ code, jobId: id, status: 409 });
    if (code === "job_failed") expect(answer.json().error).toEqual(parameters);
  });

  it("of a cancelled job answers 409", async () => {
    const server = await startTestServer({ worker: false });
    const { id } = await submit(server, { type: "test.echo" });
    await post(server, `${JOBS}/${id}/cancel`);

    const answer = await get(server, `${JOBS}/${id}/result`);

    expect(answer.statusCode).toBe(409);
    expect(answer.json()).toMatchObject({ code: "job_cancelled", error: null });
  });
});

describe("GET …/events", () => {
  it("pages to the terminal event, where the cursor ends", async () => {
    const server = await startTestServer();
    const { id } = await submit(server, { type: "test.echo", parameters: { a: 1 } }, { prefer: "wait=30" });

    const first = (await get(server, `${JOBS}/${id}/events?limit=2`)).json();
    const second = (await get(server, `${JOBS}/${id}/events?after=${first.nextCursor}`)).json();

    expect(first.items).toMatchObject([
      { jobId: id, seq: 1, type: "job.submitted", status: "PENDING", data: { type: "test.echo", priority: 0 } },
      { seq: 2, type: "job.started", status: "PROCESSING", attempt: 1 },
    ]);
    expect(first.nextCursor).toBe("2");
    expect(second.items).toMatchObject([{ seq: 3, type: "job.completed", data: { result: { a: 1 } } }]);
    expect(second.nextCursor).toBeNull();
  });

  it("keeps the cursor of a job that goes on", async () => {
    const server = await startTestServer({ worker: false });
    const { id } = await submit(server, { type: "test.echo" });

    const answer = (await get(server, `${JOBS}/${id}/events?after=1`)).json();

    expect(answer).toEqual({ items: [], nextCursor: "1" });
  });

  it.each(["after=-1", "after=x", "after=99999999999999999", "limit=0", "after=1&after=2"])(
    "refuses ?%s",
    async (query) => {
      const server = await startTestServer({ worker: false });
      const { id } = await submit(server, { type: "test.echo" });

      expect((await get(server, `${JOBS}/${id}/events?${query}`)).statusCode).toBe(400);
    },
  );
});

describe("GET …/logs", () => {
  it("gives lines from a level on, page by page", async () => {
    const server = await startTestServer();
    const { id } = await runningJob(server, { gate: "g" });
    server.jobs.open("g");
    await get(server, `${JOBS}/${id}`, { prefer: "wait=30" });

    const all = (await get(server, `${JOBS}/${id}/logs`)).json();
    const info = (await get(server, `${JOBS}/${id}/logs?level=info&limit=1`)).json();
    const rest = (await get(server, `${JOBS}/${id}/logs?after=${all.nextCursor}`)).json();

    expect(all.items).toMatchObject([
      { seq: 1, level: "info", message: "waiting", fields: { gate: "g" }, attempt: 1 },
      { seq: 2, level: "debug", message: "a detail", fields: null },
    ]);
    expect(info.items).toHaveLength(1);
    expect(rest).toEqual({ items: [], nextCursor: null });
  });

  it("refuses a level that there is not", async () => {
    const server = await startTestServer({ worker: false });
    const { id } = await submit(server, { type: "test.echo" });

    expect((await get(server, `${JOBS}/${id}/logs?level=loud`)).statusCode).toBe(400);
  });
});
