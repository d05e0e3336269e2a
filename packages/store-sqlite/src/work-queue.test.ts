// Waiting for another process's write: by timer, in order, and not for ever.
import { ManualClock } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { createWorkQueue } from "./work-queue.js";

class Busy extends Error {
  readonly code = "SQLITE_BUSY";
}

function makeQueue() {
  const clock = new ManualClock();
  const lock = { held: true };
  const done: string[] = [];
  const queue = createWorkQueue({ clock, file: "test.db", busyTimeoutMs: 100 });
  const work = (name: string) => () => {
    if (lock.held) throw new Busy("database is locked");
    done.push(name);
    return name;
  };
  return { clock, lock, done, queue, work };
}

describe("the work queue", () => {
  it("does the work at once where nothing is in the way", async () => {
    const { queue, lock, done, work } = makeQueue();
    lock.held = false;

    const answer = queue.write(work("a"));

    expect(done).toEqual(["a"]);
    expect(await answer).toBe("a");
  });

  it("tries again once the lock is free", async () => {
    const { queue, lock, clock, work } = makeQueue();
    const answer = queue.write(work("a"));
    clock.advance(10);

    lock.held = false;
    clock.advance(32);

    expect(await answer).toBe("a");
    expect(clock.pendingTimers).toBe(0);
  });

  it("keeps later writes behind one that waits", async () => {
    const { queue, lock, clock, done, work } = makeQueue();
    const first = queue.write(work("a"));
    lock.held = false;
    const second = queue.write(work("b"));
    expect(done).toEqual([]);

    clock.advance(1);

    await Promise.all([first, second]);
    expect(done).toEqual(["a", "b"]);
  });

  it("lets reads pass writes that wait", async () => {
    const { queue, work } = makeQueue();
    void queue.write(work("a")).catch(() => {});

    expect(await queue.read(() => 1)).toBe(1);
  });

  it("gives up after busyTimeoutMs, and says what is in the way", async () => {
    const { queue, clock, work } = makeQueue();
    const answer = queue.write(work("a"));
    const second = queue.write(work("b"));
    const outcomes = Promise.allSettled([answer, second]);

    clock.advance(200);

    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "store_unavailable" } });
    }
    await expect(answer).rejects.toThrow(/"test.db" is locked by another writer for too long/);
  });

  it("does not try once for each of those whose time is up", async () => {
    const { queue, clock } = makeQueue();
    let attempts = 0;
    const blocked = () => {
      attempts++;
      throw new Busy("database is locked");
    };
    const outcomes = Promise.allSettled(Array.from({ length: 50 }, () => queue.write(blocked)));

    clock.advance(200);
    await outcomes;

    expect(attempts).toBeLessThan(20);
  });

  it("goes on after work that failed for another reason", async () => {
    const { queue, lock, clock, work } = makeQueue();
    const first = queue.write(() => {
      if (lock.held) throw new Busy("database is locked");
      throw new RangeError("no");
    });
    const second = queue.write(work("b"));

    lock.held = false;
    const outcomes = Promise.allSettled([first, second]);
    clock.advance(10);

    expect(await outcomes).toMatchObject([{ reason: { message: "no" } }, { value: "b" }]);
  });

  it("closes when nothing waits any more, and refuses what comes later", async () => {
    const { queue, lock, clock, done, work } = makeQueue();
    const write = queue.write(work("a"));
    const read = queue.read(work("r"));
    const closed = queue.close().then(() => done.push("closed"));
    lock.held = false;
    clock.advance(5);

    await Promise.all([write, read, closed]);

    expect(done).toEqual(["a", "r", "closed"]);
    await expect(queue.write(work("b"))).rejects.toMatchObject({ code: "store_unavailable" });
    await expect(queue.read(work("b"))).rejects.toThrow(/closed/);
  });
});
