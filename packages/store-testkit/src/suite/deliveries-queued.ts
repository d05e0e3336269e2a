// Deliveries are queued in the transaction of their event: for whom, with which body, and for nobody else.
import { deliveryId, jsonPayload } from "@meanwhile/core";
import { describe, expect, it } from "vitest";
import { makeLease, makeNewJob } from "../builders.js";
import type { Given } from "../describe-store.js";
import { addEndpoint, claimDelivery, complete, deliveriesOf, HOOK } from "./delivery-moves.js";
import { claimOne, decide, NOW, SECOND, settle, submit } from "./moves.js";

export function describeQueuedDeliveries(given: Given): void {
  describe("queued deliveries", () => {
    it("are none where nobody wants the event", async () => {
      const job = await complete(given.store);

      expect(await deliveriesOf(given.store, job.id)).toEqual([]);
    });

    it("go to the target that the job itself named, for the events that it named", async () => {
      const job = await complete(given.store, { webhook: { ...HOOK, events: ["job.started", "job.completed"] } });

      expect(await deliveriesOf(given.store, job.id)).toEqual([
        {
          id: deliveryId({ ...EVENT, jobId: job.id, seq: 2 }, null),
          owner: "acme",
          channel: "webhook",
          jobId: job.id,
          seq: 2,
          eventType: "job.started",
          target: HOOK.url,
          endpointId: null,
          status: "PENDING",
          attemptCount: 0,
          attempts: [],
          createdAt: NOW,
          nextAttemptAt: NOW,
          finishedAt: null,
        },
        expect.objectContaining({ seq: 3, eventType: "job.completed", nextAttemptAt: null }),
      ]);
    });

    it("go to the owner's enabled endpoints that want the type and the event, and to no others", async () => {
      const wanted = [
        await addEndpoint(given.store, { url: "https://a.example/" }),
        await addEndpoint(given.store, { url: "https://b.example/", types: ["letter", "report"] }),
      ];
      await addEndpoint(given.store, { owner: "globex" });
      await addEndpoint(given.store, { enabled: false });
      await addEndpoint(given.store, { types: ["letter"] });
      await addEndpoint(given.store, { events: ["job.failed"] });

      const job = await complete(given.store);

      const queued = await deliveriesOf(given.store, job.id);
      expect(queued.map(({ endpointId }) => endpointId)).toEqual(wanted.map(({ id }) => id));
      expect(queued.map(({ target }) => target)).toEqual(["https://a.example/", "https://b.example/"]);
    });

    it("miss nothing that is committed after an endpoint was stored, whenever the job was submitted", async () => {
      const job = await submit(given.store);
      const claimed = await claimOne(given.store);
      const endpoint = await addEndpoint(given.store);

      await settle(given.store, claimed, {
        kind: "complete",
        leaseToken: claimed.lease.token,
        result: jsonPayload(1),
      });

      expect(await deliveriesOf(given.store, job.id)).toMatchObject([{ endpointId: endpoint.id, seq: 3 }]);
    });

    it("follow what an endpoint wants now", async () => {
      const endpoint = await addEndpoint(given.store);
      await given.store.webhookEndpoints.update(endpoint.id, { events: ["job.started"], types: null }, { at: NOW });
      const moved = await complete(given.store);
      await given.store.webhookEndpoints.update(endpoint.id, { enabled: false }, { at: NOW });
      const disabled = await complete(given.store);
      await given.store.webhookEndpoints.update(endpoint.id, { enabled: true }, { at: NOW });
      const enabled = await complete(given.store);
      await given.store.webhookEndpoints.remove(endpoint.id);
      const removed = await complete(given.store);

      const told = async (id: string) => (await deliveriesOf(given.store, id)).map(({ eventType }) => eventType);
      expect(await told(moved.id)).toEqual(["job.started"]);
      expect(await told(disabled.id)).toEqual([]);
      expect(await told(enabled.id)).toEqual(["job.started"]);
      expect(await told(removed.id)).toEqual([]);
    });

    it("are queued for every event of a birth, a claim and a commit", async () => {
      const events = ["job.submitted", "job.started", "job.progress", "job.completed"] as const;
      const born = makeNewJob({ webhook: { ...HOOK, events } }, { lease: makeLease() });
      const waiting = makeNewJob({ webhook: { ...HOOK, events } });
      await given.store.jobs.insert([[born], [waiting]]);
      await claimOne(given.store);
      const { leaseToken } = { leaseToken: born.job.lease!.token };
      const progress = { fraction: 0.5, message: null, currentStep: null, totalSteps: null };
      const report = decide(born.job, { kind: "report", leaseToken, progress });
      const end = decide({ ...born.job, progress }, { kind: "complete", leaseToken, result: jsonPayload(1) });

      await given.store.jobs.commit([report, end]);

      const seqs = async (id: string) => (await deliveriesOf(given.store, id)).map(({ seq }) => seq);
      expect(await seqs(born.job.id)).toEqual([1, 2, 3, 4]);
      expect(await seqs(waiting.job.id)).toEqual([1, 2]);
    });

    it("are not queued by a change that misses its guard, nor by a group that is refused", async () => {
      const job = await submit(given.store, { webhook: { ...HOOK, events: ["job.submitted", "job.completed"] } });
      const claimed = await claimOne(given.store);
      const late = decide(claimed, { kind: "complete", leaseToken: claimed.lease.token, result: jsonPayload(1) });
      const used = makeNewJob({}, { idempotencyKey: "k" });
      const refused = makeNewJob(
        { webhook: { ...HOOK, events: ["job.submitted"] } },
        { idempotencyKey: "k", fingerprint: "x" },
      );
      await given.store.jobs.insert([[used]]);

      await given.store.jobs.commit([{ ...late, guard: { ...late.guard, leaseToken: "another" } }]);
      await given.store.jobs.insert([[refused]]);

      expect(await deliveriesOf(given.store, job.id)).toHaveLength(1);
      expect(await deliveriesOf(given.store, refused.job.id)).toEqual([]);
    });

    it("carry the job and the event as they are when it commits, and keep them through the job's purge", async () => {
      given.store.deliveries.configure({ linkBase: "https://api.example" });
      const job = await complete(given.store, { webhook: HOOK, traceparent: "00-trace", retentionMs: 0 });
      await given.store.jobs.purge([job.id], { minTombstoneMs: SECOND, now: NOW });

      const { body, traceparent } = await claimDelivery(given.store);

      expect(traceparent).toBe("00-trace");
      expect(JSON.parse(body)).toMatchObject({
        type: "job.completed",
        timestamp: new Date(NOW).toISOString(),
        data: {
          job: {
            id: job.id,
            status: "COMPLETED",
            result: "done",
            lastSeq: 3,
            links: { self: `https://api.example/api/v2/jobs/${job.id}` },
          },
          event: { jobId: job.id, seq: 3, data: { result: "done" } },
        },
      });
    });

    it("are hinted at once they are committed, and only where there are any", async () => {
      let hints = 0;
      const end = given.store.deliveries.onQueued(() => {
        hints++;
      });
      await complete(given.store);
      expect(hints).toBe(0);

      await complete(given.store, { webhook: HOOK });
      expect(hints).toBe(1);
      end();
      end();
      await complete(given.store, { webhook: HOOK });

      expect(hints).toBe(1);
    });

    it("stand in the job as its webhook", async () => {
      const secret = "whsec_own";
      const job = await submit(given.store, { webhook: { ...HOOK, secret } });

      expect(job.webhook).toEqual({ ...HOOK, secret });
      expect((await given.store.jobs.list({ limit: 10 })).items[0]?.webhook).toEqual({ ...HOOK, secret });
    });
  });
}

const EVENT = { type: "job.started", status: "PROCESSING", at: NOW, attempt: 1, data: null } as const;
