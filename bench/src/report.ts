// The report as Markdown: facts, one table of figures and one of ratios per measure, settings, failures.
import type { Entrant } from "./entrants.js";
import type { Bar, Measure, Metric } from "./measure.js";
import { figureByRound, type RunResults } from "./results.js";
import { paired, type Summary, summarize } from "./statistics.js";

export type Verdict = "aim reached" | "holds" | "MISSED" | "not measured" | "";

export function reportOf(results: RunResults, measures: readonly Measure[]): string {
  const sections = [
    "# Benchmark",
    factsOf(results),
    ...measures.map((measure) => measureSection(results, measure)),
    settingsOf(measures),
    failuresOf(results),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

/** The median of the rounds' ratios or differences against the bar, or `undefined` when one side was not measured. */
export function comparisonOf(results: RunResults, measure: Measure, bar: Bar): Summary | undefined {
  const of = (entrant: Entrant) => figureByRound(results, { measure, entrant: entrant.id, metric: bar.metric });
  const { better } = metricOf(measure, bar.metric);
  return summarize(paired(of(bar.ours), bar.over.map(of), { better, compare: bar.compare }));
}

export function verdictOf(compared: Summary | undefined, bar: Bar, better: Metric["better"]): Verdict {
  const reaches = (line: number, value: number) => (better === "higher" ? value >= line : value <= line);
  if (compared === undefined) return "not measured";
  if (bar.aim !== undefined && reaches(bar.aim, compared.median)) return "aim reached";
  if (bar.must === undefined) return "";
  return reaches(bar.must, compared.median) ? "holds" : "MISSED";
}

function factsOf(results: RunResults): string {
  const facts = { Pace: `${results.pace}, ${results.rounds} interleaved rounds`, ...results.facts };
  return Object.entries(facts)
    .map(([label, value]) => `- **${label}**: ${value}`)
    .join("\n");
}

function measureSection(results: RunResults, measure: Measure): string {
  const head = `## ${measure.title} (\`${measure.id}\`)\n\n${measure.explanation(results.pace)}`;
  return [head, figuresTable(results, measure), comparisonsTable(results, measure), notesOf(results, measure)]
    .filter((part) => part !== "")
    .join("\n\n");
}

function figuresTable(results: RunResults, measure: Measure): string {
  const rows = measure.entrants.map((entrant) => {
    const cells = measure.metrics.map((metric) => {
      const byRound = figureByRound(results, { measure, entrant: entrant.id, metric: metric.id });
      return summaryText(summarize([...byRound.values()]), metric.digits);
    });
    return [entrant.label, ...cells];
  });
  return table(["median (min–max)", ...measure.metrics.map((metric) => metric.label)], rows);
}

function comparisonsTable(results: RunResults, measure: Measure): string {
  const rows = measure.bars.map((bar) => {
    const metric = metricOf(measure, bar.metric);
    const compared = comparisonOf(results, measure, bar);
    const by = bar.compare === "difference" ? { sign: "−", digits: metric.digits } : { sign: "÷", digits: 2 };
    const sign = metric.better === "higher" ? "≥" : "≤";
    const over = bar.over.map((entrant) => entrant.label).join(" | ");
    return [
      `${metric.label}: ${bar.ours.label} ${by.sign} ${bar.over.length > 1 ? `best of (${over})` : over}`,
      summaryText(compared, by.digits),
      bar.must === undefined ? "" : `${sign} ${bar.must}`,
      bar.aim === undefined ? "" : `${sign} ${bar.aim}`,
      verdictOf(compared, bar, metric.better),
    ];
  });
  return rows.length === 0 ? "" : table(["within a round", "median (min–max)", "must", "aim", "verdict"], rows);
}

/** A note once, with all the entrants of whom it is true: what differs between them stands apart. */
function notesOf(results: RunResults, measure: Measure): string {
  const labels = new Map<string, Set<string>>();
  for (const { measure: id, entrant, notes } of results.turns) {
    if (id !== measure.id) continue;
    const label = measure.entrants.find((candidate) => candidate.id === entrant)?.label ?? entrant;
    for (const note of notes) labels.set(note, (labels.get(note) ?? new Set()).add(label));
  }
  return [...labels].map(([note, of]) => `${[...of].sort().join(" and ")}: ${note}`).join("\n\n");
}

function settingsOf(measures: readonly Measure[]): string {
  const entrants = new Map(measures.flatMap((measure) => measure.entrants).map((entrant) => [entrant.id, entrant]));
  const lines = [...entrants.values()].map((entrant) => `- **${entrant.label}**: ${entrant.settings}`);
  return `## Settings\n\n${lines.join("\n")}`;
}

function failuresOf(results: RunResults): string {
  if (results.failures.length === 0) return "";
  const lines = results.failures.map(
    (failure) =>
      `- \`${failure.measure}\`, ${failure.entrant}, round ${failure.round + 1}: ${firstLine(failure.reason)}`,
  );
  return `## Not measured\n\n${lines.join("\n")}`;
}

function metricOf(measure: Measure, id: string): Metric {
  const metric = measure.metrics.find((candidate) => candidate.id === id);
  if (metric === undefined)
    throw new Error(`Measure "${measure.id}" has a bar on the metric "${id}", which it does not have.`);
  return metric;
}

function summaryText(summary: Summary | undefined, digits: number): string {
  if (summary === undefined) return "–";
  const text = (value: number) =>
    value.toLocaleString("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${text(summary.median)} (${text(summary.min)}–${text(summary.max)})`;
}

/** A bar within a cell would end it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
