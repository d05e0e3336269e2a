// Lists walk a bounded number of rows per page, and still come to the end.
import type { Job, JobQuery, Store } from "@meanwhile/core";
import { makeNewJob } from "@meanwhile/store-testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSqliteStore } from "./sqlite-store.js";

let store: Store;
beforeAll(async () => {
  store = await createSqliteStore({ file: ":memory:" });
  await store.migrate();
  const jobs = Array.from({ length: 12_000 }, (_, index) => [
    makeNewJob({ owner: index % 100 === 0 ? "rare" : "usual", type: index === 7 ? "needle" : "hay" }),
  ]);
  await store.jobs.insert(jobs);
});
afterAll(() => store.close());

async function walk(query: Omit<JobQuery, "limit">): Promise<{ items: readonly Job[]; pages: number }> {
  const items: Job[] = [];
  let cursor: string | undefined;
  for (let pages = 1; ; pages++) {
    const page = await store.jobs.list({ ...query, limit: 50, ...(cursor === undefined ? {} : { cursor }) });
    items.push(...page.items);
    if (page.nextCursor === null) return { items, pages };
    cursor = page.nextCursor;
  }
}

describe("a list", () => {
  it("finds the needle in a few short pages", async () => {
    const { items, pages } = await walk({ type: "needle" });

    expect(items).toHaveLength(1);
    expect(pages).toBe(3);
  });

  it("of an owner with few jobs does not walk over those of others", async () => {
    const { items, pages } = await walk({ owner: "rare" });

    expect(items).toHaveLength(120);
    expect(pages).toBe(3);
  });

  it("of an owner combines with other filters", async () => {
    const { items, pages } = await walk({ owner: "rare", type: "needle" });

    expect(items).toEqual([]);
    expect(pages).toBe(1);
  });
});
