// What a run has measured so far: figures by measure, entrant and round, and what went wrong.
import type { Figures, Measure, Pace } from "./measure.js";
import type { ByRound } from "./statistics.js";

export interface Failure {
  measure: string;
  entrant: string;
  round: number;
  reason: string;
}

export interface TurnResult {
  measure: string;
  entrant: string;
  round: number;
  figures: Figures;
  /** What was seen beside the figures, in words (Markdown). */
  notes: readonly string[];
}

export interface RunResults {
  pace: Pace;
  rounds: number;
  /** Facts about the machine and the software, as label and value. */
  facts: Record<string, string>;
  turns: TurnResult[];
  failures: Failure[];
}

/** One figure of one entrant, by round. */
export function figureByRound(results: RunResults, of: { measure: Measure; entrant: string; metric: string }): ByRound {
  const byRound = new Map<number, number>();
  for (const turn of results.turns) {
    const value = turn.figures[of.metric];
    if (turn.measure !== of.measure.id || turn.entrant !== of.entrant) continue;
    if (value !== undefined && Number.isFinite(value)) byRound.set(turn.round, value);
  }
  return byRound;
}
