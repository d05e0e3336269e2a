// A server and a worker, two processes on one store: they hear of each other within moments.
import type { JobResource } from "@meanwhile/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { killLeftovers } from "../harness/process.js";
import { type Served, serve } from "../harness/serve.js";
import { describeOnEveryStore, suiteHome } from "../harness/stores.js";

describeOnEveryStore((kind) => {
  const home = suiteHome(kind);
  let server: Served;
  let worker: Served;

  // A lease so long that no heartbeat can be what brings the news.
  const LEASE_MS = 60_000;

  beforeAll(async () => {
    server = await serve({ ...home, role: "api", leaseMs: LEASE_MS });
    worker = await serve({ ...home, role: "worker", leaseMs: LEASE_MS });
  });
  afterAll(async () => {
    const exits = await Promise.all([server.stop(), worker.stop()]);
    killLeftovers();
    expect(exits).toEqual([
      { code: 0, signal: null },
      { code: 0, signal: null },
    ]);
  });

  describe("a server and a worker", () => {
    it("do a job together, and a long poll ends when the worker does", async () => {
      const { api } = server;
      const { body } = await api.submit("test.wait", { ms: 300 });

      const polled = await api.request<JobResource>("GET", `/api/v2/jobs/${body.id}/longpoll?timeout=20000`);
      const answeredAt = Date.now();

      expect(polled.body).toMatchObject({ status: "COMPLETED", result: { attempt: 1 } });
      const latenessMs = answeredAt - Date.parse(polled.body.completedAt!);
      process.stderr.write(
        `two processes on ${kind.name}: a long poll ended ${latenessMs} ms after the worker's commit\n`,
      );
      // Far below the second after which it would look by itself.
      expect(latenessMs).toBeLessThan(800);
    });

    it("start a job soon after its submit", async () => {
      const { api } = server;

      const { body } = await api.submit("test.echo", {}, {}, { prefer: "wait=10" });

      const waitedMs = Date.parse(body.startedAt!) - Date.parse(body.createdAt);
      process.stderr.write(`two processes on ${kind.name}: a job began ${waitedMs} ms after its submit\n`);
      expect(body.status).toBe("COMPLETED");
      expect(waitedMs).toBeLessThan(900);
    });

    it("cancel a running job within about a second", async () => {
      const { api } = server;
      const { body } = await api.submit("test.wait", { ms: 60_000 });
      await api.reaches(body.id, "PROCESSING");

      const wishedAt = Date.now();
      expect((await api.cancel(body.id)).status).toBe(202);
      const job = await api.reaches(body.id, "CANCELLED");

      const tookMs = Date.parse(job.completedAt!) - wishedAt;
      process.stderr.write(`two processes on ${kind.name}: a cancel was obeyed after ${tookMs} ms\n`);
      expect(tookMs).toBeLessThan(1_500);
    });

    it("cancel many jobs right after their submits, and lose no wish", async () => {
      const { api } = server;
      const submitted = await Promise.all(Array.from({ length: 30 }, () => api.submit("test.wait", { ms: 60_000 })));

      const answers = await Promise.all(submitted.map(({ body }) => api.cancel(body.id)));
      const ended = await Promise.all(submitted.map(({ body }) => api.reaches(body.id, "CANCELLED")));

      expect(answers.every(({ status }) => status === 200 || status === 202)).toBe(true);
      expect(ended).toHaveLength(30);
    });

    it("read one log of a job from both sides of it", async () => {
      const { api } = server;
      const { body } = await api.submit("test.steps", { steps: 5, failAttempts: 1 });

      await api.reaches(body.id, "COMPLETED");
      const events = await api.events(body.id);

      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
      expect(events.at(-1)).toMatchObject({ type: "job.completed", data: { result: { steps: 5, attempt: 2 } } });
    });
  });
});
