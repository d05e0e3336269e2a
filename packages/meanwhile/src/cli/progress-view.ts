// How a followed job looks: a bar that moves on a terminal, one line per event in a pipe, or JSON lines.
import { isTerminal, type JobEvent } from "@meanwhile/protocol";
import { type OutputStream, printLine } from "./cli-io.js";
import { describeEvent, eventLine, percentText } from "./event-text.js";

export interface ProgressView {
  show(event: JobEvent): void;
  /** Leaves the terminal in order; may be called twice. */
  close(): void;
}

export function createProgressView(stream: OutputStream, { json }: { json: boolean }): ProgressView {
  if (json) return { show: (event) => printLine(stream, JSON.stringify(event)), close() {} };
  if (stream.isTTY !== true) return { show: (event) => printLine(stream, eventLine(event)), close() {} };
  return createBar(stream);
}

const BAR_CELLS = 24;
/** Where the terminal does not tell its width (some say 0). */
const USUAL_COLUMNS = 80;
const CLEAR_LINE = "\r\x1b[2K";

function createBar(stream: OutputStream): ProgressView {
  let fraction = 0;
  let words = "";
  let attempt = 0;
  let drawn = false;

  const clear = () => {
    if (drawn) stream.write(CLEAR_LINE);
    drawn = false;
  };
  const draw = (event: JobEvent) => {
    const filled = Math.round(fraction * BAR_CELLS);
    const bar = `${"█".repeat(filled)}${"░".repeat(BAR_CELLS - filled)}`;
    const again = attempt > 1 ? `  attempt ${attempt}` : "";
    const line = `${bar} ${percentText(fraction).padStart(4)}  ${event.status}${again}  ${words}`.trimEnd();
    // A line that wraps cannot be taken back.
    const room = (stream.columns || USUAL_COLUMNS) - 1;
    stream.write(`${CLEAR_LINE}${[...line].slice(0, room).join("")}`);
    drawn = true;
  };

  return {
    show(event) {
      if (event.type === "job.progress") {
        const { progress, message } = event.data as { progress: number; message?: string };
        fraction = progress;
        words = message ?? "";
      }
      if (event.attempt !== attempt) {
        attempt = event.attempt;
        if (event.type === "job.started") fraction = 0;
      }
      if (event.type === "job.completed") fraction = 1;
      if (LASTING.has(event.type)) {
        clear();
        printLine(stream, `${event.type}  ${describeEvent(event)}`.trimEnd());
      }
      if (isTerminal(event.status)) {
        words = "";
        draw(event);
        stream.write("\n");
        drawn = false;
      } else draw(event);
    },
    close() {
      if (drawn) stream.write("\n");
      drawn = false;
    },
  };
}

/** Events that stay on the screen while the bar moves on below them. */
const LASTING: ReadonlySet<string> = new Set([
  "job.output",
  "job.retrying",
  "job.cancel_requested",
  "job.rollback_required",
]);
