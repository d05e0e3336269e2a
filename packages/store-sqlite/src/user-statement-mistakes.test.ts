// Mistakes in the statements of a handler are the handler's, whatever table they name.

import { makeLease, makeNewJob } from "@meanwhile/store-testkit";
import { expect, it, onTestFinished } from "vitest";
import { createSqliteStore } from "./sqlite-store.js";

it.each(["insert into meanwhile_notes values (1)", "update meanwhile_jobs set meanwhile_note = 1"])(
  "is not taken for a file without tables, which would be waited for: %s",
  async (sql) => {
    const store = await createSqliteStore({ file: ":memory:" });
    onTestFinished(() => store.close());
    await store.migrate();
    const item = makeNewJob({}, { lease: makeLease() });
    await store.jobs.insert([[item]]);
    const { id: jobId, lease } = item.job;
    const change = {
      jobId,
      guard: { status: "PROCESSING", leaseToken: lease!.token },
      patch: { status: "COMPLETED", readiness: null, releaseLease: true, completedAt: 1, purgeAt: 2 },
      events: [],
      at: 1,
    } as const;

    const committing = store.jobs.commit([change], { userStatements: [{ sql, values: [] }] });

    await expect(committing).rejects.toThrow(/cannot be run: no such (table|column)/);
    await expect(committing).rejects.not.toHaveProperty("code", "store_unavailable");
    expect((await store.jobs.find(jobId))?.status).toBe("PROCESSING");
  },
);
