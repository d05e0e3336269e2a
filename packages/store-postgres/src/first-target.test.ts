// Whether anybody wants an event is asked beside the insert: that must not overlook the targets which the insert itself brings.
import { makeNewJob } from "@meanwhile/store-testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openMigrated, whyNoServer } from "./testing/server.js";

describe.skipIf(whyNoServer !== undefined)("the first job that names a target", () => {
  let opened: Awaited<ReturnType<typeof openMigrated>>;
  beforeEach(async () => {
    opened = await openMigrated();
  });
  afterEach(() => opened.close());

  it("is told of its own submission", async () => {
    const webhook = { url: "https://example.com/hook", events: ["job.submitted" as const], secret: null };
    const item = makeNewJob({ webhook });

    await opened.store.jobs.insert([[item]]);

    const { items } = await opened.store.deliveries.list({ jobId: item.job.id, limit: 10 });
    expect(items.map(({ eventType, seq }) => [eventType, seq])).toEqual([["job.submitted", 1]]);
  });
});
