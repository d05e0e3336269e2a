// Whether a series of measures stays flat: a line through its last two thirds, and how much it rises over them.

export interface Measure {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly value: number;
}

export interface Tolerance {
  /** The rise that is allowed whatever the size. */
  readonly absolute: number;
  /** … or this share of the mean, where that is more. */
  readonly share: number;
}

export interface Flatness {
  readonly mean: number;
  /** How much the fitted line rises from the first to the last measure that was judged; negative where it falls. */
  readonly rise: number;
  readonly risePerHour: number;
  readonly allowed: number;
  readonly isFlat: boolean;
}

/** The first third is for caches, pools and compiled code to fill. */
const WARM_UP_SHARE = 1 / 3;

/** @throws Error for fewer measures than a line needs. */
export function judgeFlatness(measures: readonly Measure[], tolerance: Tolerance): Flatness {
  const judged = measures.slice(Math.floor(measures.length * WARM_UP_SHARE));
  if (judged.length < 3) throw new Error(`${measures.length} measures are too few to tell anything.`);
  const meanAt = mean(judged.map(({ at }) => at));
  const meanValue = mean(judged.map(({ value }) => value));
  let covariance = 0;
  let variance = 0;
  for (const { at, value } of judged) {
    covariance += (at - meanAt) * (value - meanValue);
    variance += (at - meanAt) ** 2;
  }
  const perMs = variance === 0 ? 0 : covariance / variance;
  const rise = perMs * (judged.at(-1)!.at - judged[0]!.at);
  const allowed = Math.max(tolerance.absolute, tolerance.share * meanValue);
  return { mean: meanValue, rise, risePerHour: perMs * 3_600_000, allowed, isFlat: rise <= allowed };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
