// The run: per measure, rounds in which every entrant has one turn, in an order that rotates.
import type { Entrant, StoreKind } from "./entrants.js";
import type { Measure, Pace } from "./measure.js";
import type { RunResults } from "./results.js";
import { rotate } from "./statistics.js";
import { type StoreServers, Turn } from "./turn.js";

export interface RunPlan {
  measures: readonly Measure[];
  pace: Pace;
  rounds: number;
  servers: StoreServers;
  missing: Partial<Record<StoreKind, string>>;
  /** Aborting takes the processes of the running turn away and ends the run. */
  signal: AbortSignal;
  onProgress: (line: string) => void;
}

/** Adds to `results` turn by turn, so that an interrupted run still has what was measured. */
export async function runMeasures(plan: RunPlan, results: RunResults): Promise<void> {
  for (const measure of plan.measures) {
    const able = measure.entrants.filter((entrant) => canRun(plan, measure, entrant, results));
    for (let round = 0; round < plan.rounds; round += 1) {
      for (const entrant of rotate(able, round)) {
        if (plan.signal.aborted) return;
        await runTurn(plan, { measure, entrant, round }, results);
      }
    }
  }
}

function canRun(plan: RunPlan, measure: Measure, entrant: Entrant, results: RunResults): boolean {
  const reason = plan.missing[entrant.store];
  if (reason === undefined) return true;
  results.failures.push({ measure: measure.id, entrant: entrant.label, round: 0, reason });
  return false;
}

async function runTurn(
  plan: RunPlan,
  { measure, entrant, round }: { measure: Measure; entrant: Entrant; round: number },
  results: RunResults,
): Promise<void> {
  const where = `${measure.id}, round ${round + 1}/${plan.rounds}, ${entrant.label}`;
  const turn = new Turn(plan.servers);
  const fail = (error: unknown) => {
    if (plan.signal.aborted) return;
    const reason = error instanceof Error ? error.message : String(error);
    plan.onProgress(`${where}: FAILED\n${reason}`);
    results.failures.push({ measure: measure.id, entrant: entrant.label, round, reason });
  };
  const abort = () => void turn.end().catch((error: unknown) => plan.onProgress(String(error)));
  plan.signal.addEventListener("abort", abort);
  try {
    const figures = await measure.run(turn, entrant, plan.pace);
    results.turns.push({ measure: measure.id, entrant: entrant.id, round, figures, notes: turn.notes });
    const texts = measure.metrics.map((metric) => `${figures[metric.id]?.toFixed(metric.digits)} ${metric.label}`);
    plan.onProgress(`${where}: ${texts.join(", ")}`);
  } catch (error) {
    fail(error);
  }
  await turn.end().catch(fail);
  plan.signal.removeEventListener("abort", abort);
}
