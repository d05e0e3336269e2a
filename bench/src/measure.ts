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

/** One figure of ours divided by the best of others, as the median of the rounds' ratios. */
export interface Bar {
  metric: string;
  ours: Entrant;
  over: readonly Entrant[];
  /** The ratio that is promised: at least this where higher is better, at most where lower is better. */
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
  metrics: readonly Metric[];
  bars: readonly Bar[];
  /** Runs only where it is named: it compares designs of ours, not us with others. */
  onRequest?: true;
  /** Measures one entrant once, on a fresh store in fresh processes. */
  run(turn: Turn, entrant: Entrant, pace: Pace): Promise<Figures>;
}
