// meanwhile on SQLite with its HTTP server: jobs that wait, and one that gives out a chunk whenever it is told to.
import { join } from "node:path";
import { createMeanwhile, defineJob, type JobContext } from "meanwhile";
import type { FollowedContender, LiveJob, StoreAddress } from "../contender.js";
import { chunks, wrongStore } from "../jobs.js";
import { LOCAL } from "./meanwhile.js";

const BULK_SIZE = 1_000;
const FOLLOWERS = 20_000;

export async function openMeanwhileFollowed(store: StoreAddress): Promise<FollowedContender> {
  if (store.kind !== "directory") throw wrongStore("meanwhile on SQLite", "directory", store.kind);
  let onRunning = (_context: JobContext) => {};
  const waits = defineJob({ type: "demo.waits", run: () => null });
  const live = defineJob({
    type: "demo.live",
    // It runs until the worker is stopped.
    run: (context) => {
      onRunning(context);
      return new Promise((_resolve, reject) => {
        context.signal.addEventListener("abort", () => reject(context.signal.reason));
      });
    },
  });
  const meanwhile = await createMeanwhile({
    jobs: [waits, live],
    store: `sqlite:${join(store.path, "meanwhile.db")}`,
    files: join(store.path, "files"),
    // All followers here are one caller's.
    server: { streamsPerOwner: FOLLOWERS },
  });
  await meanwhile.start();
  const address = await meanwhile.server().listen({ port: 0 });
  return {
    port: Number(new URL(address).port),
    async waitingJobs(count) {
      const runAt = new Date(Date.now() + IN_AN_HOUR_MS).toISOString();
      const items = Array.from({ length: count }, () => ({ type: waits.type, parameters: {}, runAt }));
      const paths: string[] = [];
      for (const batch of chunks(items, BULK_SIZE)) {
        const jobs = await meanwhile.engine.submitBatch(batch, LOCAL);
        paths.push(...jobs.map(({ job }) => streamOf(job.id)));
      }
      return paths;
    },
    async liveJob(): Promise<LiveJob> {
      const running = new Promise<JobContext>((resolve) => {
        onRunning = resolve;
      });
      const job = await meanwhile.submit(live, {});
      const context = await running;
      return { path: streamOf(job.id), emit: (chunk) => context.output(chunk) };
    },
    close: () => meanwhile.stop({ graceMs: 0 }),
  };
}

const IN_AN_HOUR_MS = 3_600_000;

function streamOf(jobId: string): string {
  return `/api/v2/jobs/${jobId}/events`;
}
