// Server-sent events as clients of others read them: across cut connections, a killed server, and one that says goodbye.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCurl } from "../harness/curl.js";
import { suiteFolder } from "../harness/folder.js";
import { type Pair, startPair } from "../harness/pair.js";
import { killLeftovers } from "../harness/process.js";
import { readBySse } from "../readers/sse.js";
import { startReader, upTo } from "../readers/start-reader.js";

const folder = suiteFolder();
let pair: Pair;

beforeAll(async () => {
  pair = await startPair({ folder });
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
