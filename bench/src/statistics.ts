// Medians, spreads and paired ratios: the only figures the report states.

export interface Summary {
  median: number;
  min: number;
  max: number;
  count: number;
}

/** One figure per round; a round in which the entrant failed has none. */
export type ByRound = ReadonlyMap<number, number>;

/** The value below which `share` (0 to 1) of the values lie, interpolated between neighbours; NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

export function summarize(values: readonly number[]): Summary | undefined {
  if (values.length === 0) return undefined;
  return { median: quantile(values, 0.5), min: Math.min(...values), max: Math.max(...values), count: values.length };
}

/**
 * Sets ours against the best of the others, round by round. Neighbours in time share the machine's mood,
 * so these ratios are steadier than the ratio of two medians; and so are differences.
 *
 * @param options.better Which of the others counts as the best: the one with the highest or the lowest figure.
 * @param options.compare Whether ours is divided by theirs, or theirs taken from ours. Default: `ratio`.
 */
export function paired(
  ours: ByRound,
  others: readonly ByRound[],
  options: { better: "higher" | "lower"; compare?: "ratio" | "difference" | undefined },
): number[] {
  const compared: number[] = [];
  for (const [round, value] of ours) {
    const rivals = others.flatMap((other) => other.get(round) ?? []);
    // The one that is missing might have been the best.
    if (rivals.length < others.length) continue;
    const best = options.better === "higher" ? Math.max(...rivals) : Math.min(...rivals);
    compared.push(options.compare === "difference" ? value - best : value / best);
  }
  return compared;
}

/** Moves the first `by` items to the end, so that no entrant always runs first. */
export function rotate<T>(items: readonly T[], by: number): T[] {
  const at = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}
