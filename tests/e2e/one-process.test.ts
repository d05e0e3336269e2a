// One process that serves and works: what a caller sees over HTTP, from the submit to the purge.
import type { JobResource } from "@meanwhile/protocol";
import { until } from "@meanwhile/store-testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Api, Problem } from "../harness/api.js";
import { killLeftovers } from "../harness/process.js";
import { type Served, serve } from "../harness/serve.js";
import { describeOnEveryStore, suiteHome } from "../harness/stores.js";

describeOnEveryStore((kind) => {
  const home = suiteHome(kind);
  let server: Served;
  let api: Api;

  beforeAll(async () => {
    server = await serve({ ...home });
    api = server.api;
  });
  afterAll(async () => {
    const exit = await server.stop();
    killLeftovers();
    expect(exit).toEqual({ code: 0, signal: null });
  });

  describe("submitting", () => {
    it("is answered at once, and polling finds the result", async () => {
      const submitted = await api.submit("test.echo", { n: 1 });

      expect(submitted.status).toBe(202);
      expect(submitted.headers.get("location")).toBe(`/api/v2/jobs/${submitted.body.id}`);
      expect(Number(submitted.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
      const job = await api.reaches(submitted.body.id, "COMPLETED");
      expect(job).toMatchObject({ result: { n: 1 }, progress: 1, attempt: 1, error: null });
      const result = await api.request("GET", `/api/v2/jobs/${job.id}/result`);
      expect(result.body).toEqual({ n: 1 });
    });

    it("with `Prefer: wait` is answered with the finished job", async () => {
      const answer = await api.submit("test.wait", { ms: 50 }, {}, { prefer: "wait=10" });

      expect(answer.status).toBe(200);
      expect(answer.headers.get("preference-applied")).toBe("wait=10");
      expect(answer.body).toMatchObject({ status: "COMPLETED", result: { attempt: 1 } });
    });

    it("with `Prefer: wait` is answered with 202 when the time is up", async () => {
      const answer = await api.submit("test.wait", { ms: 60_000 }, {}, { prefer: "wait=1" });

      expect(answer.status).toBe(202);
      await api.cancel(answer.body.id);
      await api.reaches(answer.body.id, "CANCELLED");
    });

    it("under one key makes one job, however often and however many at once", async () => {
      const headers = { "idempotency-key": "one-key" };
      const body = { type: "test.echo", parameters: { n: 7 } };

      const answers = await Promise.all(
        Array.from({ length: 10 }, () => api.request<JobResource>("POST", "/api/v2/jobs", { body, headers })),
      );
      await api.reaches(answers[0]!.body.id, "COMPLETED");
      const late = await api.request<JobResource>("POST", "/api/v2/jobs", { body, headers });
      const other = await api.submit("test.echo", { n: 8 }, {}, headers);

      expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
      expect(answers.filter(({ headers: sent }) => sent.get("idempotent-replayed") === "true")).toHaveLength(9);
      expect(late).toMatchObject({ status: 200, body: { id: answers[0]!.body.id } });
      expect(other).toMatchObject({ status: 422, body: { code: "idempotency_key_reused" } });
    });

    it("of a batch stores all or nothing", async () => {
      const jobs = [1, 2, 3].map((n) => ({ type: "test.echo", parameters: { n }, tags: ["batch-a"] }));
      const bad = [
        ...jobs.map((job) => ({ ...job, tags: ["batch-b"] })),
        { type: "test.wait", parameters: { ms: -1 } },
      ];

      const stored = await api.request<{ items: JobResource[] }>("POST", "/api/v2/jobs/batch", { body: { jobs } });
      const refused = await api.request<Problem>("POST", "/api/v2/jobs/batch", { body: { jobs: bad } });

      expect(stored.status).toBe(202);
      for (const { id } of stored.body.items) await api.reaches(id, "COMPLETED");
      expect(refused.status).toBe(422);
      expect(refused.body).toMatchObject({
        code: "invalid_parameters",
        errors: [{ pointer: "#/jobs/3/parameters/ms" }],
      });
      const listed = await api.request<{ items: JobResource[] }>("GET", "/api/v2/jobs?tag=batch-b");
      expect(listed.body.items).toEqual([]);
    });
  });

  describe("time", () => {
    it("starts a delayed job when it is due", async () => {
      const { body } = await api.submit("test.echo", {}, { delayMs: 400 });

      const job = await api.reaches(body.id, "COMPLETED");

      expect(Date.parse(job.startedAt!)).toBeGreaterThanOrEqual(Date.parse(job.createdAt) + 400);
      expect(Date.parse(job.startedAt!)).toBeLessThan(Date.parse(job.createdAt) + 2_000);
    });

    it("retries a failed attempt, and keeps both in the log", async () => {
      const { body } = await api.submit("test.steps", { steps: 2, failAttempts: 2 });

      const job = await api.reaches(body.id, "COMPLETED");

      expect(job).toMatchObject({ attempt: 3, result: { steps: 2, attempt: 3 }, progress: 1, currentStep: 2 });
      expect((await api.told(job.id)).filter((type) => type === "retrying")).toHaveLength(2);
    });

    it("ends attempts that take too long", async () => {
      const { body } = await api.submit("test.hasty");

      const job = await api.reaches(body.id, "FAILED");

      expect(job).toMatchObject({ attempt: 2, error: { code: "timeout" } });
      expect(await api.told(job.id)).toEqual(["submitted", "started", "retrying", "started", "failed"]);
    });

    it("ends a job at its deadline while it runs", async () => {
      const { body } = await api.submit("test.wait", { ms: 60_000 }, { completeWithinMs: 300 });

      const job = await api.reaches(body.id, "FAILED");

      expect(job.error?.code).toBe("deadline_exceeded");
    });

    it("expires a job that never started", async () => {
      const first = await api.submit("test.single", { ms: 60_000 });
      await api.reaches(first.body.id, "PROCESSING");

      const waiting = await api.submit("test.single", { ms: 1 }, { startWithinMs: 200 });
      const expired = await api.reaches(waiting.body.id, "FAILED");
      await api.cancel(first.body.id);

      expect(expired).toMatchObject({ attempt: 0, startedAt: null, error: { code: "expired" } });
      await api.reaches(first.body.id, "CANCELLED");
    });

    it("fails for good where the handler says so", async () => {
      const { body } = await api.submit("test.fail", { code: "empty_file", message: "The file is empty." });

      const job = await api.reaches(body.id, "FAILED");

      expect(job).toMatchObject({ attempt: 1, error: { code: "empty_file", message: "The file is empty." } });
      const result = await api.request<Problem>("GET", `/api/v2/jobs/${job.id}/result`);
      expect(result).toMatchObject({ status: 409, body: { code: "job_failed", error: { code: "empty_file" } } });
    });

    it("runs jobs of one concurrencyKey one after the other, in submit order", async () => {
      const submitted: string[] = [];
      for (let index = 0; index < 4; index++) {
        submitted.push((await api.submit("test.wait", { ms: 30 }, { concurrencyKey: "tenant-1" })).body.id);
      }

      const jobs = await Promise.all(submitted.map((id) => api.reaches(id, "COMPLETED")));

      for (const [index, job] of jobs.entries()) {
        const before = jobs[index - 1];
        if (before !== undefined)
          expect(Date.parse(job.startedAt!)).toBeGreaterThanOrEqual(Date.parse(before.completedAt!));
      }
    });
  });

  describe("cancelling", () => {
    it("ends a waiting job at once", async () => {
      const { body } = await api.submit("test.echo", {}, { delayMs: 60_000 });

      const answer = await api.cancel(body.id);

      expect(answer).toMatchObject({ status: 200, body: { status: "CANCELLED" } });
      expect(await api.cancel(body.id)).toMatchObject({ status: 200 });
    });

    it("tells a running one, which then ends", async () => {
      const { body } = await api.submit("test.wait", { ms: 60_000 });
      await api.reaches(body.id, "PROCESSING");

      const answer = await api.cancel(body.id);

      expect(answer).toMatchObject({ status: 202, body: { cancelRequested: true } });
      await api.reaches(body.id, "CANCELLED");
      expect(await api.told(body.id)).toEqual(["submitted", "started", "cancel_requested", "cancelled"]);
    });

    it("of a finished one is refused", async () => {
      const { body } = await api.submit("test.echo", {}, {}, { prefer: "wait=10" });

      expect(await api.cancel(body.id)).toMatchObject({ status: 409, body: { code: "job_already_finished" } });
    });
  });

  describe("afterwards", () => {
    it("a job can be run again, and erased, and then it is gone", async () => {
      const { body: first } = await api.submit(
        "test.echo",
        { n: 3 },
        {},
        { prefer: "wait=10", "idempotency-key": "gone" },
      );

      const again = await api.request<JobResource>("POST", `/api/v2/jobs/${first.id}/rerun`);
      const purged = await api.request("POST", `/api/v2/jobs/${first.id}/purge`);

      expect(again).toMatchObject({ status: 202, body: { rerunOf: first.id } });
      expect(await api.reaches(again.body.id, "COMPLETED")).toMatchObject({ result: { n: 3 } });
      expect(purged.status).toBe(204);
      expect(await api.get(first.id)).toMatchObject({ status: 410, body: { code: "job_purged" } });
      const replay = await api.submit("test.echo", { n: 3 }, {}, { "idempotency-key": "gone" });
      expect(replay).toMatchObject({ status: 410, body: { code: "job_purged", jobId: first.id } });
    });

    it("what its retention allows is kept no longer, and the chore erases it", async () => {
      const { body } = await api.submit("test.echo", {}, { retentionMs: 0 });

      await until(async () => (await api.get(body.id)).status === 410, { what: "the job is gone" });
    });

    it("its log can be read", async () => {
      const { body } = await api.submit("test.wait", { ms: 0 }, {}, { prefer: "wait=10" });

      const logs = await api.request<{ items: unknown[] }>("GET", `/api/v2/jobs/${body.id}/logs`);

      expect(logs.body.items).toMatchObject([
        { seq: 1, level: "info", message: "waiting", fields: { attempt: 1 }, attempt: 1 },
      ]);
    });

    it("a file goes in, through a job, and out", async () => {
      const uploaded = await api.request<{ id: string }>("POST", "/api/v2/files", {
        body: "a,b\n1,2\n",
        headers: { "content-type": "text/csv", "content-disposition": 'attachment; filename="table.csv"' },
      });
      expect(uploaded.status).toBe(201);

      const job = await api.submit("test.copy", { file: uploaded.body.id }, {}, { prefer: "wait=10" });
      const { file } = job.body.result as { file: string };
      const downloaded = await api.request("GET", `/api/v2/files/${file}`);

      expect(downloaded.body).toBe("a,b\n1,2\n");
      expect(downloaded.headers.get("content-disposition")).toContain("copy of table.csv");
    });
  });
});
