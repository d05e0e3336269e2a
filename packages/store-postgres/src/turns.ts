// The turn queues of `concurrencyKey`: one job per owner and key is ready, leased or waiting for a retry.
//
// 1. A job joins when it is due: at its insert, or when its delay is over. Its place is `turn`.
// 2. Only the head is ever ready or leased; who stands behind it is `blocked`.
// 3. The place is kept until the job is terminal, through every retry.
// 4. Whoever joins or leaves holds the lock of the queue, and takes it before any lock of a job: sorted, as all locks are.
import type { Readiness } from "@meanwhile/core";
import { columnsOf } from "./columns.js";
import type { Transaction } from "./database.js";
import { deleteEmptyTurns } from "./statements/delete-empty-turns.js";
import { findTurnHeads } from "./statements/find-turn-heads.js";
import { joinTurns } from "./statements/join-turns.js";
import { lockTurns } from "./statements/lock-turns.js";
import { passTurns } from "./statements/pass-turns.js";

export interface TurnKey {
  readonly owner: string;
  readonly concurrencyKey: string;
}

export interface TurnPlace {
  readonly turn: number;
  readonly readiness: Readiness;
}

/** Hands out the places of locked queues, in the order in which it is asked. */
export interface OpenTurns {
  /** @param held The place of a job that has one already. */
  join(key: TurnKey, held?: number | null): TurnPlace;
}

/** One text for a key inside its owner's space; no two pairs share one. */
export const turnName = ({ owner, concurrencyKey }: TurnKey): string => JSON.stringify([owner, concurrencyKey]);

/** Locks the queues of these keys, and draws a place for each of `joining`. @param joining May name a key several times. */
export async function openTurns(
  transaction: Transaction,
  { keys, joining }: { keys: readonly TurnKey[]; joining: readonly TurnKey[] },
): Promise<OpenTurns> {
  const counts = new Map<string, number>();
  for (const key of joining) counts.set(turnName(key), (counts.get(turnName(key)) ?? 0) + 1);
  const sorted = sortedKeys(keys);
  const [owners, names] = listsOf(sorted);
  const wanted = sorted.map((key) => counts.get(turnName(key)) ?? 0);
  const next = new Map<string, number>();
  for (const [owner, concurrencyKey, last] of await transaction.list(joinTurns, [owners, names, wanted])) {
    const name = turnName({ owner, concurrencyKey });
    next.set(name, last - (counts.get(name) ?? 0) + 1);
  }
  const heads = new Map<string, number>();
  for (const [owner, concurrencyKey, turn] of await transaction.list(findTurnHeads, [owners, names])) {
    heads.set(turnName({ owner, concurrencyKey }), turn);
  }
  return {
    join(key, held = null) {
      const name = turnName(key);
      const drawn = next.get(name)!;
      const turn = held ?? drawn;
      if (held === null) next.set(name, drawn + 1);
      const head = heads.get(name) ?? turn;
      heads.set(name, head);
      return { turn, readiness: head === turn ? "ready" : "blocked" };
    },
  };
}

/** Locks the queues of these keys. */
export async function lockQueues(transaction: Transaction, keys: readonly TurnKey[]): Promise<void> {
  if (keys.length > 0) await transaction.run(lockTurns, listsOf(sortedKeys(keys)));
}

/** A job that became ready by a turn, and has no place yet. */
export interface ReadiedJob {
  readonly type: string;
  readonly number: number;
}

/**
 * Somebody has left these queues, which are locked: whoever is the head then may be claimed.
 *
 * @returns the jobs that became ready by it, by `turnName`.
 */
export async function passOn(
  transaction: Transaction,
  keys: readonly TurnKey[],
): Promise<ReadonlyMap<string, ReadiedJob>> {
  const lists = listsOf(sortedKeys(keys));
  const passed = await transaction.list(passTurns, lists);
  await transaction.run(deleteEmptyTurns, lists);
  return new Map(
    passed.map(([owner, concurrencyKey, type, number]) => [turnName({ owner, concurrencyKey }), { type, number }]),
  );
}

function listsOf(keys: readonly TurnKey[]): [string[], string[]] {
  const rows = keys.map(({ owner, concurrencyKey }) => [owner, concurrencyKey]);
  return columnsOf(rows, 2) as [string[], string[]];
}

/** Each once, in an order that is the same everywhere. */
function sortedKeys(keys: readonly TurnKey[]): readonly TurnKey[] {
  const byName = new Map(keys.map((key) => [turnName(key), key]));
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
}
