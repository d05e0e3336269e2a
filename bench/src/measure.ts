// What a measure is: a question, its entrants, its figures, its bars, and one turn of one entrant.
import type { Entrant } from "./entrants.js";
import type { Turn } from "./turn.js";

/** `quick` uses fewer jobs and shorter spells. */
export type Pace = "quick" | "full";

export interface Metric {
  id: string;
  label: string;
  better: "higher" | "lower";
  /** Digits after the point in the report. */
  digits: number;
}

/** One figure of ours against the best of others, within a round; the median of the rounds counts. */
export interface Bar {
  metric: string;
  ours: Entrant;
  over: readonly Entrant[];
  /** `ratio`: ours divided by theirs. `difference`: ours less theirs, for what comes on top of a floor. Default: `ratio`. */
  compare?: "ratio" | "difference";
  /** What is promised: at least this where higher is better, at most where lower is better. */
  must?: number;
  aim?: number;
}

export type Figures = Record<string, number>;

export interface Measure {
  id: string;
  title: string;
  /** What is measured and how, for the report. */
  explanation(pace: Pace): string;
  entrants: readonly Entrant[];
  /** Of these, those that a quick run leaves out. */
  fullPaceOnly?: readonly Entrant[];
  metrics: readonly Metric[];
  bars: readonly Bar[];
  /** Runs only where it is named: it compares designs of ours, not us with others. */
  onRequest?: true;
  /** Runs at full pace, or where it is named: a quick run has time for the others only. */
  takesLong?: true;
  /** Measures one entrant once, on a fresh store in fresh processes. */
  run(turn: Turn, entrant: Entrant, pace: Pace): Promise<Figures>;
}
