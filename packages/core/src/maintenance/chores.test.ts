// The chores that erase and make ready, and the loop that runs any of them.
import { ManualClock, makeNewJob, until } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { createWakeups } from "../event/wakeups.js";
import type { Files } from "../files/files.js";
import { type Logger, silentLogger } from "../logger.js";
import { createMemoryStore } from "../store/memory-store.js";
import { nextTurns } from "../testing/test-service.js";
import { type Chore, createChoreLoop } from "./chore.js";
import { createMakeReady } from "./make-ready.js";
import { createPrune } from "./prune.js";

const DAY_MS = 86_400_000;

describe("prune", () => {
  it("erases finished jobs when their time has come, keeps a tombstone as long again, then forgets that too", async () => {
    const { prune, store, clock } = given();
    const kept = makeNewJob({ status: "COMPLETED", retentionMs: 3 * DAY_MS }, { idempotencyKey: "key" });
    const running = makeNewJob({ status: "PROCESSING" });
    await store.jobs.insert([[kept], [running]]);

    clock.advance(3 * DAY_MS - 1);
    await prune.runOnce();
    expect(await store.jobs.find(kept.job.id)).toBeDefined();
    clock.advance(1);
    await prune.runOnce();

    expect(await store.jobs.find(kept.job.id)).toBeUndefined();
    expect(await store.jobs.findTombstone(kept.job.id)).toMatchObject({ expiresAt: clock.now() + 3 * DAY_MS });
    expect(await store.jobs.find(running.job.id)).toBeDefined();
    clock.advance(3 * DAY_MS);
    await prune.runOnce();
    expect(await store.jobs.findTombstone(kept.job.id)).toBeUndefined();
  });

  it("keeps a tombstone for a day at least", async () => {
    const { prune, store, clock } = given();
    const brief = makeNewJob({ status: "COMPLETED", retentionMs: 0 });
    await store.jobs.insert([[brief]]);

    await prune.runOnce();

    expect(await store.jobs.findTombstone(brief.job.id)).toMatchObject({ expiresAt: clock.now() + DAY_MS });
  });

  it("goes on until nothing is left, and erases files that no job names", async () => {
    const { prune, store, erased, clock } = given();
    const many = Array.from({ length: 250 }, () => makeNewJob({ status: "FAILED", retentionMs: 0 }));
    await store.jobs.insert(many.map((each) => [each]));
    const file = { owner: "acme", name: "a", mediaType: "text/plain", sizeBytes: 1, sha256: "0", createdAt: 0 };
    await store.files.insert({ ...file, id: "old", expiresAt: clock.now() });
    await store.files.insert({ ...file, id: "new", expiresAt: clock.now() + 1 });

    await prune.runOnce();

    expect(await store.jobs.findPurgeable({ limit: 1 })).toEqual([]);
    expect(erased).toEqual(["old"]);
  });
});

describe("make-ready", () => {
  it("makes due jobs ready, says of which types, and asks to be run when the next one is due", async () => {
    const { store, clock, wakeups } = given();
    const woken: (string | undefined)[] = [];
    wakeups.onWork((type) => woken.push(type));
    const at = clock.now();
    const due = Array.from({ length: 501 }, () => makeNewJob({ type: "due", readiness: "delayed", runAt: at }));
    const later = makeNewJob({ type: "later", readiness: "delayed", runAt: at + 700 });
    await store.jobs.insert([...due.map((each) => [each]), [later]]);

    const again = await createMakeReady({ store, wakeups }).runOnce();

    expect(again).toBe(at + 700);
    expect(new Set(woken)).toEqual(new Set(["due"]));
    expect((await store.jobs.countWaiting(["due"], { limit: 1_000 })).get("due")).toBe(501);
    expect((await store.jobs.find(due.at(-1)!.job.id))?.readiness).toBe("ready");
    expect((await store.jobs.find(later.job.id))?.readiness).toBe("delayed");
  });
});

describe("a chore's loop", () => {
  it("runs at once, then regularly, and earlier where it is armed", async () => {
    const { loop, runs, clock } = withLoop(async () => undefined);

    loop.start();
    clock.advance(0);
    await nextTurns();
    expect(runs).toEqual([0]);
    clock.advance(1_000);
    await nextTurns();
    loop.armAt(clock.now() + 300);
    clock.advance(300);
    await nextTurns();

    expect(runs).toEqual([0, 1_000, 1_300]);
    await loop.stop();
  });

  it("runs again when the chore itself says so", async () => {
    const { loop, runs, clock } = withLoop(async () => clock.now() + 40);

    loop.start();
    clock.advance(0);
    await nextTurns();
    clock.advance(40);
    await nextTurns();

    expect(runs).toEqual([0, 40]);
    await loop.stop();
  });

  it("never runs twice at once: armed while it runs, it runs once more behind", async () => {
    let release = () => {};
    let atOnce = 0;
    let most = 0;
    const { loop, runs, clock } = withLoop(async () => {
      most = Math.max(most, ++atOnce);
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      atOnce--;
      return undefined;
    });
    loop.start();
    clock.advance(0);
    await nextTurns();

    loop.armAt(clock.now());
    clock.advance(10);
    loop.armAt(clock.now());
    clock.advance(10);
    release();
    await nextTurns();
    clock.advance(0);
    await until(() => runs.length === 2, { what: "it runs once more" });

    expect(most).toBe(1);
    release();
    await loop.stop();
  });

  it("goes on after a failure, which is logged", async () => {
    const warned: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_, message) => warned.push(message) };
    const { loop, runs, clock } = withLoop(() => Promise.reject(new Error("away")), logger);

    loop.start();
    clock.advance(0);
    await nextTurns();
    clock.advance(1_000);
    await nextTurns();

    expect(runs).toEqual([0, 1_000]);
    expect(warned).toEqual(["a chore failed; it is tried again", "a chore failed; it is tried again"]);
    await loop.stop();
  });

  it("leaves no timer behind when it stops", async () => {
    const { loop, clock } = withLoop(async () => undefined);
    loop.start();
    clock.advance(0);
    await nextTurns();

    await loop.stop();
    await nextTurns();

    expect(clock.pendingTimers).toBe(0);
  });
});

function given() {
  const clock = new ManualClock();
  const store = createMemoryStore({ clock });
  const wakeups = createWakeups({ store, clock, logger: silentLogger });
  const erased: string[] = [];
  const files = {
    async eraseUnlinked(fileIds: readonly string[]) {
      erased.push(...fileIds);
      await store.files.remove(fileIds);
    },
  } as unknown as Files;
  return { clock, store, wakeups, erased, prune: createPrune({ store, files }) };
}

function withLoop(run: () => Promise<number | undefined>, logger: Logger = silentLogger) {
  const clock = new ManualClock();
  const startedAt = clock.now();
  const runs: number[] = [];
  const chore: Chore = {
    name: "test",
    everyMs: 1_000,
    runOnce() {
      runs.push(clock.now() - startedAt);
      return run();
    },
  };
  return { clock, runs, loop: createChoreLoop(chore, { clock, logger }) };
}
