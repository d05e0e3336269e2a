// The JSON dialect by `ws`: one connection that submits, follows and cancels; and a reader that survives cuts, kills and goodbyes.
import type { JobEvent, JobResource } from "@meanwhile/protocol";
import { until } from "@meanwhile/store-testkit";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { type Pair, startPair } from "../harness/pair.js";
import { killLeftovers } from "../harness/process.js";
import { describeOnEveryStore, suiteHome } from "../harness/stores.js";
import { startReader, upTo } from "../readers/start-reader.js";
import { readByWebSocket } from "../readers/websocket.js";

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

  interface Said {
    readonly op: string;
    readonly ref?: string;
    readonly job: JobResource;
    readonly event: JobEvent;
  }

  async function connect() {
    const socket = new WebSocket(`${pair.api.address.replace("http:", "ws:")}/websocket`, "meanwhile.v2");
    const said: Said[] = [];
    const closed = { code: undefined as number | undefined };
    socket.on("message", (bytes) => void said.push(JSON.parse(String(bytes)) as Said));
    socket.on("close", (code) => {
      closed.code = code;
    });
    onTestFinished(() => socket.terminate());
    await until(() => socket.readyState === WebSocket.OPEN, { what: "the connection is open" });
    return {
      say: (message: object) => socket.send(JSON.stringify(message)),
      hears: (fits: (message: Said) => boolean, what: string) =>
        until(() => said.find(fits), { what, limitMs: 10_000 }),
      closed,
    };
  }

  describe("one connection", () => {
    it("submits a job, follows it as the other process works, and cancels it", async () => {
      const peer = await connect();

      peer.say({ op: "submit", ref: "s", type: "test.wait", parameters: { ms: 60_000 }, follow: true });
      const { job } = await peer.hears(({ op, ref }) => op === "submitted" && ref === "s", "the job");
      await peer.hears(({ event }) => event?.type === "job.started", "job.started");
      peer.say({ op: "cancel", ref: "c", jobId: job.id });

      const cancelled = await peer.hears(
        ({ op, ref }) => op === "cancelled" && ref === "c",
        "the answer to the cancel",
      );
      expect(cancelled.job).toMatchObject({ id: job.id, cancelRequested: true });
      await peer.hears(({ event }) => event?.type === "job.cancelled", "job.cancelled");
      await peer.hears(({ op }) => op === "end", "the end");
      expect(await pair.api.reaches(job.id, "CANCELLED")).toMatchObject({ attempt: 1 });
    });

    it("under one idempotency key makes one job, whether the answer was lost or not", async () => {
      const submit = { op: "submit", type: "test.echo", parameters: { n: 1 }, idempotencyKey: "over a socket" };
      const first = await connect();
      first.say({ ...submit, ref: "1" });
      const { job } = await first.hears(({ op }) => op === "submitted", "the first answer");

      await pair.server.kill();
      await pair.server.start();
      await until(() => first.closed.code === 1006, { what: "the first connection is lost" });
      const second = await connect();
      second.say({ ...submit, ref: "2" });

      expect((await second.hears(({ op }) => op === "submitted", "the second answer")).job.id).toBe(job.id);
    });

    it("is closed with 1001 when the server goes away", async () => {
      const peer = await connect();

      await pair.server.replace();

      await until(() => peer.closed.code !== undefined, { what: "it is closed" });
      expect(peer.closed.code).toBe(1001);
    });
  });

  describe("a reader", () => {
    it("has every event once and in order, although frames are torn, the server is killed and the next one goes away", async () => {
      const { server } = pair;
      const job = await pair.submitStream({ count: 40, stopBefore: [11, 21, 31], chunkBytes: 100 });
      const reads = await startReader(readByWebSocket, { server, jobId: job.id });

      await reads.reached(job.seqOf(10));
      reads.http.tear({ afterBytes: 700 });
      job.letOn(11);
      await reads.reached(job.seqOf(20));
      await server.kill();
      job.letOn(21);
      await job.logReaches(job.seqOf(30));
      await server.start();
      await reads.reached(job.seqOf(30));
      await server.replace();
      job.letOn(31);
      await reads.over();

      expect(reads.seqs).toEqual(upTo(job.total));
      expect(reads.http.cuts).toBe(1);
    });
  });
});
