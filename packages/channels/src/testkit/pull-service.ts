// What the pull suite follows: a real engine on a real store, and jobs whose handlers do what the test says.
import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createService, defineJob, type Principal, type Service } from "@meanwhile/core";
import { createSqliteStore } from "@meanwhile/store-sqlite";
import { until } from "@meanwhile/store-testkit";
import { onTestFinished } from "vitest";

/** The owners of the suite's jobs; the second one sees nothing of the first. */
export type PullOwner = "acme" | "shop";

export interface PullService extends Service {
  principalOf(owner: PullOwner): Principal;
  /** A job of `acme` that runs until the test lets it end. */
  startJob(): Promise<PullJob>;
}

export interface PullJob {
  readonly id: string;
  /** Partial results, one event each; resolves once all are committed. */
  output(count: number, chunk?: string): Promise<void>;
  /** Ends it; resolves once that is committed. @returns the `seq` of the terminal event. */
  complete(): Promise<number>;
}

interface Running {
  output(chunk: unknown): Promise<void>;
  end(): void;
}

/** Stopped, with its file removed, when the test is over. */
export async function startPullService(): Promise<PullService> {
  const file = join(tmpdir(), `meanwhile-pull-${randomUUID()}.db`);
  const store = await createSqliteStore({ file });
  await store.migrate();
  const running = new Map<string, Running>();
  const scripted = defineJob({
    type: "pull.scripted",
    run: ({ job, output, signal }) =>
      new Promise<string>((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        running.set(job.id, { output, end: () => resolve("the result") });
      }),
  });
  const service = createService({ store, jobs: [scripted], fileBytes: noFileBytes });
  await service.start();
  onTestFinished(async () => {
    await service.stop({ graceMs: 0 });
    await store.close();
    await Promise.all(["", "-wal", "-shm"].map((suffix) => rm(file + suffix, { force: true })));
  });
  return {
    ...service,
    principalOf,
    async startJob() {
      const { job } = await service.engine.submit({ type: "pull.scripted" }, { principal: principalOf("acme") });
      const attempt = await until(() => running.get(job.id), { what: "the job runs" });
      return scriptedJob(service, job.id, attempt);
    },
  };
}

function principalOf(owner: PullOwner): Principal {
  return { owner, name: owner, scopes: null, expiresAt: null, credentialId: null };
}

function scriptedJob({ engine }: Service, id: string, attempt: Running): PullJob {
  return {
    id,
    async output(count, chunk = "x") {
      await Promise.all(Array.from({ length: count }, (_, index) => attempt.output(`${index} ${chunk}`)));
    },
    async complete() {
      attempt.end();
      const job = await engine.wait(id, { principal: principalOf("acme"), timeoutMs: 10_000 });
      return job.lastSeq;
    },
  };
}

/** The suite's jobs have no files. */
const noFileBytes = {
  write: () => Promise.reject(new Error("there are no files here")),
  read: () => {
    throw new Error("there are no files here");
  },
  remove: async () => {},
  sweep: async () => 0,
};
