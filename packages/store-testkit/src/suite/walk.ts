// Reading all of something that the port gives in pages.
import type { Job, JobQuery, PositionedEvent, Store } from "@meanwhile/core";
import { expect } from "vitest";

/** All pages of a query, one after the other. A page may be short, even empty, but the walk must end. */
export async function walk(store: Store, query: JobQuery): Promise<readonly Job[]> {
  const found: Job[] = [];
  let cursor: string | null | undefined;
  for (let pages = 0; cursor !== null; pages++) {
    if (pages > 10_000) throw new Error("The walk over the pages of a list does not end.");
    const page = await store.jobs.list({ ...query, ...(cursor === undefined ? {} : { cursor }) });
    expect(page.items.length).toBeLessThanOrEqual(query.limit);
    found.push(...page.items);
    cursor = page.nextCursor;
  }
  return found;
}

/** The whole log after a position, in pages of `limit`. */
export async function readWholeLog(
  store: Store,
  { after = null, limit = 1_000 }: { after?: string | null; limit?: number } = {},
): Promise<readonly PositionedEvent[]> {
  const found: PositionedEvent[] = [];
  for (let position = after; ; ) {
    const page = await store.events.readLog({ after: position, limit });
    expect(page.events.length).toBeLessThanOrEqual(limit);
    if (page.events.length === 0) return found;
    found.push(...page.events);
    position = page.position;
  }
}
