// Hints: none that matters is lost, and nobody is asked more than needed.
import { ManualClock, makeNewJob, until } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import type { JobId } from "../job/job.js";
import { silentLogger } from "../logger.js";
import { createMemoryStore } from "../store/memory-store.js";
import type { Store } from "../store/store.js";
import { nextTurns } from "../testing/test-service.js";
import { createWakeups } from "./wakeups.js";

const NEVER = new AbortController().signal;

describe("a waiter", () => {
  it("wakes when its job moved beyond what it has read", async () => {
    const { wakeups } = given();
    const waiter = wakeups.waitOn("job");
    waiter.reading(2);
    const woken = noted(waiter.moved(NEVER));

    wakeups.jobMoved("other", 9);
    wakeups.jobMoved("job", 2);
    await nextTurns();
    expect(woken.now).toBe(false);
    wakeups.jobMoved("job", 3);
    await nextTurns();

    expect(woken.now).toBe(true);
  });

  it("keeps a hint that came between its reading and its waiting", async () => {
    const { wakeups } = given();
    const waiter = wakeups.waitOn("job");

    waiter.reading(0);
    wakeups.jobMoved("job", 1);

    await waiter.moved(NEVER);
  });

  it("forgets an old hint when it reads on", async () => {
    const { wakeups } = given();
    const waiter = wakeups.waitOn("job");
    waiter.reading(0);
    wakeups.jobMoved("job", 1);

    waiter.reading(1);
    const woken = noted(waiter.moved(NEVER));
    await nextTurns();

    expect(woken.now).toBe(false);
  });

  it("stops when its signal fires, also where it had fired before", async () => {
    const { wakeups } = given();
    const waiter = wakeups.waitOn("job");
    const ending = new AbortController();
    const waiting = waiter.moved(ending.signal);

    ending.abort();

    await waiting;
    await waiter.moved(ending.signal);
  });
});

describe("the store's word that another process has committed", () => {
  it("looks all waiting jobs up in one statement, and wakes those that moved", async () => {
    const { wakeups, store, foreignCommit, lookups } = given();
    const moved = makeNewJob();
    const still = makeNewJob();
    await store.jobs.insert([[moved], [still]]);
    const first = wakeups.waitOn(moved.job.id);
    const second = wakeups.waitOn(still.job.id);
    first.reading(0);
    second.reading(1);
    const woken = [noted(first.moved(NEVER)), noted(second.moved(NEVER))];

    foreignCommit();
    await until(() => woken[0]!.now, { what: "the first waiter wakes" });

    expect(woken[1]!.now).toBe(false);
    expect(lookups).toEqual([[moved.job.id, still.job.id]]);
  });

  it("is looked after once more where it comes during a look", async () => {
    const { wakeups, foreignCommit, lookups } = given();
    wakeups.waitOn("job").reading(0);

    foreignCommit();
    foreignCommit();
    foreignCommit();
    await nextTurns(5);

    expect(lookups).toHaveLength(2);
  });

  it("leaves time for other work where many wait and others commit without end", async () => {
    const { wakeups, foreignCommit, lookups, clock } = given();
    for (let index = 0; index < 1_000; index++) wakeups.waitOn(`job ${index}`).reading(0);

    foreignCommit();
    foreignCommit();
    await nextTurns(5);
    const before = lookups.length;
    clock.advance(10);
    await nextTurns(5);

    expect([before, lookups.length]).toEqual([1, 2]);
  });

  it("wakes those whose job is gone", async () => {
    const { wakeups, foreignCommit } = given();
    const waiter = wakeups.waitOn("gone");
    waiter.reading(5);
    const woken = noted(waiter.moved(NEVER));

    foreignCommit();

    await until(() => woken.now, { what: "the waiter wakes" });
  });

  it("is passed on to those who listen", () => {
    const { wakeups, foreignCommit } = given();
    let heard = 0;
    const unlisten = wakeups.onForeignCommit(() => heard++);

    foreignCommit();
    unlisten();

    expect(heard).toBe(1);
  });
});

describe("without any hint", () => {
  it("waiting jobs are looked up once a second", async () => {
    const { wakeups, store, clock, lookups } = given();
    const job = makeNewJob();
    await store.jobs.insert([[job]]);
    const waiter = wakeups.waitOn(job.job.id);
    waiter.reading(0);
    const woken = noted(waiter.moved(NEVER));

    clock.advance(1_000);
    await until(() => woken.now, { what: "the waiter wakes" });

    expect(lookups).toHaveLength(1);
  });

  it("nothing is looked up, and nothing watched, while nobody waits", () => {
    const { wakeups, clock, lookups, watchers } = given();

    const waiter = wakeups.waitOn("job");
    expect(watchers.size).toBe(1);
    waiter.close();
    clock.advance(10_000);

    expect(watchers.size).toBe(0);
    expect(lookups).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("stop", () => {
  it("wakes everybody and leaves no timer and no watch", async () => {
    const { wakeups, clock, watchers } = given();
    const waiter = wakeups.waitOn("job");
    const waiting = waiter.moved(NEVER);

    wakeups.stop();
    await waiting;
    waiter.close();

    expect(watchers.size).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });
});

function given() {
  const clock = new ManualClock();
  const memory = createMemoryStore({ clock });
  const lookups: (readonly JobId[])[] = [];
  const watchers = new Set<() => void>();
  const store: Store = {
    ...memory,
    events: {
      ...memory.events,
      lastSeqs(jobIds) {
        lookups.push(jobIds);
        return memory.events.lastSeqs(jobIds);
      },
    },
    watch(listener) {
      watchers.add(listener);
      return () => void watchers.delete(listener);
    },
  };
  const wakeups = createWakeups({ store, clock, logger: silentLogger });
  const foreignCommit = () => {
    for (const listener of watchers) listener();
  };
  return { clock, store, wakeups, lookups, watchers, foreignCommit };
}

function noted(promise: Promise<unknown>): { readonly now: boolean } {
  const note = { now: false };
  void promise.then(() => {
    note.now = true;
  });
  return note;
}
