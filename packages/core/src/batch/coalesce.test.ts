// Group commit: what goes out together, in which order, and whose failure is whose.
import { Gate, until } from "@meanwhile/store-testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { systemClock } from "../clock.js";
import { AppError } from "../errors.js";
import { nextTurns } from "../testing/test-service.js";
import { type Coalescer, createCoalescer } from "./coalesce.js";

describe("a batch", () => {
  it("joins what came in one turn of the event loop, and answers each with its own result", async () => {
    const { batches, coalescer } = collecting();

    const results = await Promise.all([coalescer.add("a"), coalescer.add("b"), coalescer.add("c")]);

    expect(batches).toEqual([["a", "b", "c"]]);
    expect(results).toEqual(["A", "B", "C"]);
  });

  it("of one goes out at the next turn, without a timer", async () => {
    const { batches, coalescer } = collecting();

    const result = coalescer.add("a");
    await nextTurns(1);

    expect(batches).toEqual([["a"]]);
    await result;
  });

  it("grows while others are under way, which are two at most", async () => {
    const { batches, coalescer, gates } = gated();
    const added: Promise<string>[] = [];
    for (const item of ["a", "b"]) {
      added.push(coalescer.add(item));
      await nextTurns(2);
    }
    for (const item of ["c", "d", "e"]) {
      added.push(coalescer.add(item));
      await nextTurns(2);
    }

    expect(batches).toEqual([["a"], ["b"]]);
    gates[0]!.open();
    await until(() => batches.length === 3, { what: "the third batch goes out" });

    expect(batches[2]).toEqual(["c", "d", "e"]);
    for (const gate of gates) gate.open();
    await Promise.all(added);
  });

  it("holds at most `maxItems`", async () => {
    const { batches, coalescer } = collecting({ maxItems: 2 });

    await Promise.all(["a", "b", "c", "d", "e"].map((item) => coalescer.add(item)));

    expect(batches).toEqual([["a", "b"], ["c", "d"], ["e"]]);
  });
});

describe("a key", () => {
  it("is never in two batches at once, and others pass it by", async () => {
    const { batches, coalescer, gates } = gated({ keyOf: (item) => item[0] });
    const added = [coalescer.add("a1")];
    await nextTurns(2);
    added.push(coalescer.add("a2"), coalescer.add("b1"), coalescer.add("a3"));
    await nextTurns(2);

    expect(batches).toEqual([["a1"], ["b1"]]);
    gates[0]!.open();
    await until(() => batches.length === 3, { what: "the third batch goes out" });

    expect(batches[2]).toEqual(["a2", "a3"]);
    for (const gate of gates) gate.open();
    await Promise.all(added);
  });

  it("keeps its items in order, whatever comes when and however long batches take", async () => {
    const script = fc.array(fc.record({ key: fc.constantFrom("a", "b", "c"), turns: fc.integer({ min: 0, max: 2 }) }), {
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(script, fc.integer({ min: 1, max: 5 }), async (steps, maxItems) => {
        const written: string[] = [];
        const inFlight = new Set<string>();
        let doubled = false;
        const coalescer = createCoalescer<string, void>({
          clock: systemClock,
          maxItems,
          keyOf: (item) => item[0],
          run: async (items) => {
            const keys = new Set(items.map((item) => item[0]!));
            for (const key of keys) {
              doubled ||= inFlight.has(key);
              inFlight.add(key);
            }
            await nextTurns(items.length % 3);
            written.push(...items);
            for (const key of keys) inFlight.delete(key);
            return items.map(() => undefined);
          },
        });
        const added: Promise<void>[] = [];
        for (const [index, { key, turns }] of steps.entries()) {
          added.push(coalescer.add(`${key}${String(index).padStart(3, "0")}`));
          await nextTurns(turns);
        }

        await Promise.all(added);

        expect(doubled).toBe(false);
        for (const key of ["a", "b", "c"]) {
          const own = written.filter((item) => item.startsWith(key));
          expect(own).toEqual([...own].sort());
        }
        expect(written).toHaveLength(steps.length);
      }),
      { numRuns: 60 },
    );
  });
});

describe("a failure", () => {
  it("of one item takes the batch apart and hurts nobody else", async () => {
    const batches: (readonly string[])[] = [];
    const coalescer = createCoalescer<string, string>({
      clock: systemClock,
      run: async (items) => {
        batches.push(items);
        if (items.includes("bad")) throw new Error("constraint");
        return items.map((item) => item.toUpperCase());
      },
    });

    const results = await Promise.allSettled(["a", "bad", "c"].map((item) => coalescer.add(item)));

    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(batches).toEqual([["a", "bad", "c"], ["a"], ["bad"], ["c"]]);
  });

  it("of one item among hundreds is found in few batches", async () => {
    const batches: (readonly number[])[] = [];
    const coalescer = createCoalescer<number, number>({
      clock: systemClock,
      run: async (items) => {
        batches.push(items);
        if (items.includes(317)) throw new Error("canceling statement due to lock timeout");
        return items;
      },
    });

    const results = await Promise.allSettled(Array.from({ length: 400 }, (_, item) => coalescer.add(item)));

    expect(results.flatMap(({ status }, index) => (status === "rejected" ? [index] : []))).toEqual([317]);
    expect(batches.length).toBeLessThan(30);
  });

  it("that is looked for holds up nothing that came new", async () => {
    const lookedFor: { items: readonly string[]; gate: Gate }[] = [];
    const coalescer = createCoalescer<string, string>({
      clock: systemClock,
      run: async (items) => {
        if (items.includes("new")) return items;
        if (items.length > 1) throw new Error("canceling statement due to lock timeout");
        const gate = new Gate();
        lookedFor.push({ items, gate });
        await gate.passed;
        return items;
      },
    });
    const old = ["a", "b", "c"].map((item) => coalescer.add(item));
    await nextTurns(2);
    const others = ["d", "e", "f"].map((item) => coalescer.add(item));
    await until(() => lookedFor.length > 0, { what: "a batch is taken apart" });
    await nextTurns(5);

    expect(await coalescer.add("new")).toBe("new");
    expect(lookedFor).toHaveLength(1);
    for (let count = 1; count <= 6; count++) {
      await until(() => lookedFor.length === count, { what: `part ${count} is tried` });
      lookedFor[count - 1]!.gate.open();
    }
    expect(await Promise.all([...old, ...others])).toEqual(["a", "b", "c", "d", "e", "f"]);
  });

  it("keeps each key in order while its batch is taken apart", async () => {
    const written: string[] = [];
    let failing = 2;
    const coalescer = createCoalescer<string, void>({
      clock: systemClock,
      keyOf: (item) => item[0],
      run: async (items) => {
        if (items.length > 1 && failing-- > 0) throw new Error("constraint");
        await nextTurns(items.length % 3);
        written.push(...items);
        return items.map(() => undefined);
      },
    });
    const added: Promise<void>[] = [];
    for (let index = 0; index < 60; index++) {
      added.push(coalescer.add(`${"abc"[index % 3]}${String(index).padStart(3, "0")}`));
      if (index % 20 === 19) await nextTurns(2);
    }

    await Promise.all(added);
    await coalescer.idle();

    expect(written).toHaveLength(60);
    for (const key of ["a", "b", "c"]) {
      const own = written.filter((item) => item.startsWith(key));
      expect(own).toEqual([...own].sort());
    }
  });

  it("of the store is everybody's, and is not tried again", async () => {
    let runs = 0;
    const coalescer = createCoalescer<string, string>({
      clock: systemClock,
      run: () => {
        runs++;
        return Promise.reject(new AppError("store_unavailable", { message: "away" }));
      },
    });

    const results = await Promise.allSettled(["a", "b"].map((item) => coalescer.add(item)));

    expect(results.every(({ status }) => status === "rejected")).toBe(true);
    expect(runs).toBe(1);
  });

  it("does not stop what comes later", async () => {
    let away = true;
    const coalescer = createCoalescer<string, string>({
      clock: systemClock,
      run: async (items) => {
        if (away) throw new AppError("store_unavailable", { message: "away" });
        return [...items];
      },
    });
    await expect(coalescer.add("a")).rejects.toThrow("away");

    away = false;

    expect(await coalescer.add("b")).toBe("b");
  });
});

describe("idle", () => {
  it("waits for what is waiting and for what is under way", async () => {
    const { coalescer, gates } = gated();
    const added = coalescer.add("a");
    let idle = false;
    const waiting = coalescer.idle().then(() => {
      idle = true;
    });
    await nextTurns(3);
    expect(idle).toBe(false);

    gates[0]!.open();
    await Promise.all([added, waiting]);

    expect(idle).toBe(true);
    await coalescer.idle();
  });
});

interface Options {
  maxItems?: number;
  keyOf?: (item: string) => string | undefined;
}

function collecting(options: Options = {}): { batches: (readonly string[])[]; coalescer: Coalescer<string, string> } {
  const batches: (readonly string[])[] = [];
  const coalescer = createCoalescer<string, string>({
    clock: systemClock,
    ...options,
    run: async (items) => {
      batches.push(items);
      return items.map((item) => item.toUpperCase());
    },
  });
  return { batches, coalescer };
}

/** Each batch is under way until its gate opens. */
function gated(options: Options = {}) {
  const batches: (readonly string[])[] = [];
  const gates: Gate[] = [];
  let open = false;
  const coalescer = createCoalescer<string, string>({
    clock: systemClock,
    ...options,
    run: async (items) => {
      const gate = new Gate();
      batches.push(items);
      gates.push(gate);
      if (!open) await gate.passed;
      if (gates.every(({ isOpen }) => isOpen)) open = true;
      return [...items];
    },
  });
  return { batches, coalescer, gates };
}
