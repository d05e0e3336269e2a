// A whole service on a PostgreSQL store, with the machine's clock.
import {
  type AnyJobDefinition,
  createService,
  type FileBytes,
  type Job,
  LOCAL_PRINCIPAL,
  type Service,
  type Store,
  type WorkerOptions,
} from "@meanwhile/core";
import { until } from "@meanwhile/store-testkit";
import { onTestFinished } from "vitest";

export interface TestService extends Service {
  readonly logged: readonly { readonly message: string; readonly error: unknown }[];
  /** Waits until the job has the status. */
  reaches(jobId: string, status: Job["status"]): Promise<Job>;
}

export const ACCESS = { principal: LOCAL_PRINCIPAL };

/** Stopped when the test is over, the store closed by its owner. */
export async function startService(
  store: Store,
  jobs: readonly AnyJobDefinition[],
  { worker = {} }: { worker?: WorkerOptions | false } = {},
): Promise<TestService> {
  const logged: { message: string; error: unknown }[] = [];
  const note = (fields: object, message: string) =>
    void logged.push({ message, error: (fields as { err?: unknown }).err });
  const logger = { debug() {}, info() {}, warn: note, error: note };
  const service = createService({ store, jobs, fileBytes: NO_FILES, logger }, { worker });
  await service.start();
  onTestFinished(() => service.stop({ graceMs: 0 }));
  return {
    ...service,
    logged,
    reaches: (jobId, status) =>
      until(
        async () => {
          const job = await store.jobs.find(jobId);
          return job?.status === status ? job : undefined;
        },
        { what: `the job is ${status}`, limitMs: 15_000 },
      ),
  };
}

const NO_FILES: FileBytes = {
  write: () => Promise.reject(new Error("There are no files here.")),
  read: () => {
    throw new Error("There are no files here.");
  },
  remove: async () => {},
  sweep: async () => 0,
};
