// The turn queues of `concurrencyKey`: one job per owner and key is ready, leased or waiting for a retry.
//
// 1. A job joins when it is due: at its insert, or when its delay is over. Its place is `turn`.
// 2. Only the head is ever ready or leased; who stands behind it is `blocked`.
// 3. The place is kept until the job is terminal, through every retry.
import type { Readiness } from "@meanwhile/core";
import type { Connection } from "./connection.js";
import { endTurn } from "./statements/end-turn.js";
import { findTurns } from "./statements/find-turns.js";
import { passTurn } from "./statements/pass-turn.js";

export interface Turns {
  /** The place of a job that is due, and whether it may be claimed; `turn` where it has one already. */
  join(key: { owner: string; concurrencyKey: string }, turn?: number | null): { turn: number; readiness: Readiness };
  /**
   * The job is terminal: it leaves, and whoever is the head then may be claimed.
   *
   * @returns the job that became ready by it, and has no place yet.
   */
  end(key: { owner: string; concurrencyKey: string }, job: number): { type: string; number: number } | undefined;
}

export function createTurns(connection: Connection): Turns {
  const turns = connection.query(findTurns);
  const leave = connection.query(endTurn);
  const pass = connection.query(passTurn);
  return {
    join({ owner, concurrencyKey }, held) {
      const [first, last] = turns.find([owner, concurrencyKey])!;
      const turn = held ?? (last ?? 0) + 1;
      return { turn, readiness: first === null || first === turn ? "ready" : "blocked" };
    },
    end({ owner, concurrencyKey }, job) {
      leave.run([job]);
      const readied = pass.find([owner, concurrencyKey]);
      return readied && { type: readied[0], number: readied[1] };
    },
  };
}
