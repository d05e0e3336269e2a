// Server-sent events as clients of others read them: across cut connections, a killed server, and one that says goodbye.
import { Gate, until } from "@meanwhile/store-testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCurl } from "../harness/curl.js";
import { type Pair, startPair } from "../harness/pair.js";
import { killLeftovers } from "../harness/process.js";
import { describeOnEveryStore, suiteHome } from "../harness/stores.js";
import type { Seen } from "../readers/reader.js";
import { ANY_JOB, readByBroadcast, readBySse } from "../readers/sse.js";
import { startReader, upTo } from "../readers/start-reader.js";

describeOnEveryStore((kind) => {
  const home = suiteHome(kind);
  let pair: Pair;

  beforeAll(async () => {
    pair = await startPair({ ...home });
  });
  afterAll(async () => {
    await pair.stop();
    killLeftovers();
  });

  describe("EventSource", () => {
    it("has every event of a job once and in order, although its connection is cut and the server is killed", async () => {
      const { server } = pair;
      const job = await pair.submitStream({ count: 30, stopBefore: [11, 21] });
      const reads = await startReader(readBySse, { server, jobId: job.id });

      await reads.reached(job.seqOf(10));
      reads.http.cut();
      job.letOn(11);
      await reads.reached(job.seqOf(20));
      await server.kill();
      job.letOn(21);
      await job.logReaches(job.total);
      await server.start();
      await reads.over();

      expect(reads.seqs).toEqual(upTo(job.total));
      expect(reads.seen.at(-1)).toMatchObject({ type: "job.completed", data: { result: { count: 30, attempt: 1 } } });
    });

    it("goes on where it was when the server has said goodbye and another one is there", async () => {
      const { server } = pair;
      const job = await pair.submitStream({ count: 10, stopBefore: [6] });
      const reads = await startReader(readBySse, { server, jobId: job.id });
      await reads.reached(job.seqOf(5));

      await server.replace();
      job.letOn(6);
      await reads.over();

      expect(reads.seqs).toEqual(upTo(job.total));
    });
  });

  describe("EventSource on the stream of all jobs", () => {
    it("that is cut before its first event misses nothing of what happens until it is back", async () => {
      const { server, api } = pair;
      const opened = new Gate();
      const reads = await startReader(readByBroadcast({ opened: () => opened.open() }), { server, jobId: ANY_JOB });
      await opened.passed;

      reads.http.cut();
      const { body } = await api.submit("test.echo", { n: 1 });
      await api.reaches(body.id, "COMPLETED");
      await reads.over();

      expect(reads.seen.map(({ jobId, seq }) => [jobId, seq])).toEqual([1, 2, 3].map((seq) => [body.id, seq]));
    });

    it("has every event of jobs that run at once, each once, although the server is killed", {
      timeout: 60_000,
    }, async () => {
      const { server } = pair;
      const opened = new Gate();
      const first = await pair.submitStream({ count: 20, stopBefore: [1, 11] });
      const second = await pair.submitStream({ count: 20, stopBefore: [1, 11] });
      await first.logReaches(2);
      await second.logReaches(2);
      const notes: Seen[] = [];
      const broadcast = readByBroadcast({ opened: () => opened.open() });
      const reads = await startReader((reading) => broadcast({ ...reading, note: (event) => void notes.push(event) }), {
        server,
        jobId: ANY_JOB,
      });
      await opened.passed;

      for (const job of [first, second]) job.letOn(1);
      await until(() => notes.length === 20, { what: "the first ten chunks of both", limitMs: 15_000 });
      await server.kill();
      first.letOn(11);
      await first.logReaches(first.total);
      await server.start();
      second.letOn(11);
      const ended = () => notes.filter(({ type }) => type === "job.completed").length;
      await until(() => ended() === 2, { what: "both jobs have ended", limitMs: 15_000 });
      reads.stop();

      for (const job of [first, second]) {
        const seqs = notes.filter(({ jobId }) => jobId === job.id).map(({ seq }) => seq);
        expect(seqs).toEqual(upTo(job.total, { from: 3 }));
      }
    });
  });

  describe("curl -N", () => {
    it("shows the events as they come, resumes where it is told to, and ends with the job", async () => {
      const job = await pair.submitStream({ count: 4, stopBefore: [4] });
      await job.logReaches(job.seqOf(2));
      const curl = startCurl(
        ...["-H", "accept: text/event-stream", "-H", `last-event-id: ${job.seqOf(1)}`],
        `${pair.api.address}/api/v2/jobs/${job.id}/events`,
      );

      await curl.shows(`id: ${job.seqOf(3)}\n`);
      expect(curl.output()).not.toContain(`id: ${job.seqOf(4)}\n`);
      job.letOn(4);

      expect(await curl.exited).toBe(0);
      const ids = [...curl.output().matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
      expect(ids).toEqual(upTo(job.total, { from: job.seqOf(2) }));
    });
  });
});
