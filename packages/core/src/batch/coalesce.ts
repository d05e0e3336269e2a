// Group commit: joins concurrent small writes into one batch.
//
// 1. Items that arrive in one turn of the event loop go out together at the next one. There is no timer, so a lone item is
//    not delayed, and batches grow by themselves with load.
// 2. At most `maxInFlight` batches are under way; what arrives meanwhile waits and makes the next batch larger.
// 3. Two batches under way never hold the same key: changes of one job stay in order.
// 4. A batch that fails is taken apart, and its parts are tried each by itself, down to the bad neighbour, which hurts nobody else;
//    only an outage of the store is everybody's.
// 5. One part is under way at a time, and what came new goes on beside it: where a bad item costs a wait for a lock, batches that
//    are all being taken apart would let the rest pile up, and each larger batch would find a locked row the more surely.
import type { Clock } from "../clock.js";
import { isOutage } from "../errors.js";

export interface CoalescerOptions<Item, Result> {
  clock: Clock;
  /** Writes one batch; the results stand in the order of the items. */
  run(items: readonly Item[]): Promise<readonly Result[]>;
  /** Items with the same key are never in two batches at once. Default: no keys. */
  keyOf?(item: Item): string | undefined;
  /** Default: 500, beyond which a larger batch no longer gets cheaper per item. */
  maxItems?: number;
  /** Default: 2, so that one batch is prepared while the other one waits for the disk. */
  maxInFlight?: number;
}

export interface Coalescer<Item, Result> {
  add(item: Item): Promise<Result>;
  /** The same without a promise, which on a hot path costs more than all the rest of it. `done` must not throw. */
  enqueue(item: Item, done: Done<Result>): void;
  /** Resolves when nothing is waiting or under way. */
  idle(): Promise<void>;
}

/** Called once, with either an outcome or an error. */
export type Done<Result> = (outcome: { readonly result: Result } | { readonly error: unknown }) => void;

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly key: string | undefined;
  readonly done: Done<Result>;
}

/** Into how many parts a failed batch is taken: each step down to the bad item may wait for a lock once more, each part is a transaction. */
const PARTS = 8;

export function createCoalescer<Item, Result>(options: CoalescerOptions<Item, Result>): Coalescer<Item, Result> {
  const { clock, run, keyOf, maxItems = 500, maxInFlight = 2 } = options;
  let waiting: Waiting<Item, Result>[] = [];
  // Not a Set: each table that it outgrows would keep the batches of the next one alive until the next full collection.
  let inFlight: readonly (readonly Waiting<Item, Result>[])[] = [];
  /** Parts of batches that failed, next first: each part of a batch before those behind it, so that keys stay in order. */
  let parts: readonly (readonly Waiting<Item, Result>[])[] = [];
  let isPartInFlight = false;
  let scheduled = false;
  let idleListeners: (() => void)[] = [];

  const schedule = () => {
    const isAnythingLeft = waiting.length > 0 || (parts.length > 0 && !isPartInFlight);
    if (scheduled || !isAnythingLeft || inFlight.length >= maxInFlight) return;
    scheduled = true;
    clock.nextTurn(() => {
      scheduled = false;
      flush();
    });
  };

  const flush = () => {
    const isPart = parts.length > 0 && !isPartInFlight;
    const batch = isPart ? takePart() : takeBatch();
    if (batch.length === 0) return;
    if (isPart) isPartInFlight = true;
    inFlight = [...inFlight, batch];
    void writeBatch(batch).then(() => {
      inFlight = inFlight.filter((each) => each !== batch);
      if (isPart) isPartInFlight = false;
      schedule();
      if (isIdle()) settleIdle();
    });
    schedule();
  };

  const takePart = (): readonly Waiting<Item, Result>[] => {
    const [next, ...others] = parts;
    parts = others;
    return next!;
  };

  const takeBatch = (): Waiting<Item, Result>[] => {
    const all = waiting;
    const held = keysInFlight();
    if (held.size === 0) {
      waiting = all.length > maxItems ? all.slice(maxItems) : [];
      return all.length > maxItems ? all.slice(0, maxItems) : all;
    }
    const batch: Waiting<Item, Result>[] = [];
    const left: Waiting<Item, Result>[] = [];
    for (const entry of all) {
      const mustWait = entry.key !== undefined && held.has(entry.key);
      if (batch.length < maxItems && !mustWait) batch.push(entry);
      else {
        left.push(entry);
        // Once a key has to wait, its later items wait too, or they would overtake it.
        if (entry.key !== undefined) held.add(entry.key);
      }
    }
    waiting = left;
    return batch;
  };

  /** Also of what is still to be tried. Gathered only where a batch is under way: a store in this process has mostly answered before the next one is taken. */
  const keysInFlight = (): Set<string> => {
    const keys = new Set<string>();
    if (keyOf === undefined) return keys;
    for (const batches of [inFlight, parts])
      for (const batch of batches) for (const { key } of batch) if (key !== undefined) keys.add(key);
    return keys;
  };

  const writeBatch = async (batch: readonly Waiting<Item, Result>[]): Promise<void> => {
    try {
      const results = await run(batch.map((entry) => entry.item));
      for (let index = 0; index < batch.length; index++) batch[index]!.done({ result: results[index] as Result });
    } catch (error) {
      if (batch.length === 1 || isOutage(error)) for (const entry of batch) entry.done({ error });
      else parts = [...partsOf(batch), ...parts];
    }
  };

  const isIdle = () => inFlight.length === 0 && parts.length === 0 && waiting.length === 0;

  const settleIdle = () => {
    const listeners = idleListeners;
    idleListeners = [];
    for (const listener of listeners) listener();
  };

  const enqueue = (item: Item, done: Done<Result>) => {
    waiting.push({ item, key: keyOf?.(item), done });
    schedule();
  };

  return {
    enqueue,
    add: (item) =>
      new Promise<Result>((resolve, reject) => {
        enqueue(item, (outcome) => ("error" in outcome ? reject(outcome.error) : resolve(outcome.result)));
      }),
    async idle() {
      if (isIdle()) return;
      await new Promise<void>((resolve) => idleListeners.push(resolve));
    },
  };
}

function partsOf<Entry>(batch: readonly Entry[]): readonly (readonly Entry[])[] {
  const size = Math.ceil(batch.length / PARTS);
  return Array.from({ length: Math.ceil(batch.length / size) }, (_, index) =>
    batch.slice(index * size, (index + 1) * size),
  );
}
