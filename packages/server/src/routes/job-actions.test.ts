// Cancelling and purging over HTTP.
import { describe, expect, it } from "vitest";
import { get, inStatus, post, runningJob, submit } from "../testing/requests.js";
import { startTestServer, type TestServer } from "../testing/test-server.js";

const JOBS = "/api/v2/jobs";

const cancelBy = {
  "POST …/cancel": (server: TestServer, id: string) => post(server, `${JOBS}/${id}/cancel`),
  "DELETE …": async ({ app }: TestServer, id: string) => app.inject({ method: "DELETE", url: `${JOBS}/${id}` }),
};

describe.each(Object.entries(cancelBy))("%s", (_name, cancel) => {
  it("ends a waiting job at once, and may be repeated", async () => {
    const server = await startTestServer({ worker: false });
    const { id } = await submit(server, { type: "test.echo" });

    const first = await cancel(server, id);
    const again = await cancel(server, id);

    expect([first.statusCode, again.statusCode]).toEqual([200, 200]);
    expect(first.json()).toMatchObject({ id, status: "CANCELLED" });
    expect(first.headers).not.toHaveProperty("retry-after");
  });

  it("tells the worker of a running job", async () => {
    const server = await startTestServer();
    const { id } = await runningJob(server, { gate: "g" });

    const answer = await cancel(server, id);

    expect(answer.statusCode).toBe(202);
    expect(answer.json()).toMatchObject({ id, cancelRequested: true });
    expect(answer.headers["retry-after"]).toBe("1");
    await inStatus(server, id, "CANCELLED");
    expect((await cancel(server, id)).statusCode).toBe(200);
  });

  it("refuses a job that ended otherwise", async () => {
    const server = await startTestServer();
    const { id } = await submit(server, { type: "test.echo" }, { prefer: "wait=30" });

    const answer = await cancel(server, id);

    expect(answer.statusCode).toBe(409);
    expect(answer.json()).toMatchObject({ code: "job_already_finished", jobId: id });
  });
});

describe("POST …/purge", () => {
  it("erases a finished job and leaves a tombstone", async () => {
    const server = await startTestServer();
    const { id } = await submit(server, { type: "test.echo" }, { prefer: "wait=30" });

    const answer = await post(server, `${JOBS}/${id}/purge`);

    expect(answer.statusCode).toBe(204);
    expect(answer.body).toBe("");
    for (const path of ["", "/events", "/result", "/logs", "/progress"]) {
      expect((await get(server, `${JOBS}/${id}${path}`)).json().code).toBe("job_purged");
    }
    expect((await get(server, JOBS)).json().items).toEqual([]);
  });

  it("refuses a job that has not finished", async () => {
    const server = await startTestServer({ worker: false });
    const { id } = await submit(server, { type: "test.echo" });

    const answer = await post(server, `${JOBS}/${id}/purge`);

    expect(answer.statusCode).toBe(409);
    expect(answer.json().code).toBe("job_not_finished");
  });
});
