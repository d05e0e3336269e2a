// What stands on the wire: events, comments and hints as text/event-stream (WHATWG HTML, section 9.2).
import { type LogItem, pushedEventText } from "@meanwhile/core";
import type { JobEvent } from "@meanwhile/protocol";

export interface Frame {
  readonly event: string;
  /** Where a reader continues that has seen this; absent: where it was. */
  readonly id?: string;
  /** JSON on one line. */
  readonly data: string;
}

/** One event. A blank line ends it: what a cut connection leaves unfinished is thrown away by the reader. */
export function frame({ event, id, data }: Frame): string {
  const start = id === undefined ? "" : `id: ${oneLine(id)}\n`;
  return `${start}event: ${oneLine(event)}\ndata: ${oneLine(data)}\n\n`;
}

/**
 * Moves a reader's cursor. An event of its own name, which reaches nobody who did not ask for it: browsers would take an `id`
 * alone, other readers throw a frame without data away.
 */
export function positionFrame(id: string): string {
  return frame({ id, event: "position", data: "{}" });
}

/** Readers never see it; proxies take it for a sign of life. */
export function comment(text: string): string {
  return `: ${oneLine(text)}\n\n`;
}

/** After how long a reader comes back that has lost its connection. */
export function retryFrame(ms: number): string {
  return `retry: ${ms}\n\n`;
}

/** An event of one job. */
export function jobEventFrame(event: JobEvent, linkBase: string): string {
  return frame({ id: String(event.seq), event: event.type, data: pushedEventText(event, linkBase) });
}

/** What comes along the stream of all jobs. */
export function logItemFrame(item: LogItem, linkBase: string): string {
  if (item.kind === "event") {
    return frame({ id: item.position, event: item.event.type, data: pushedEventText(item.event, linkBase) });
  }
  return frame({ event: "reset", data: JSON.stringify({ after: item.position }) });
}

/** A line break would begin a field that nobody meant, a NUL would void an id. None has business here; JSON holds none. */
function oneLine(text: string): string {
  return /[\r\n\0]/.test(text) ? text.replaceAll(/[\r\n\0]/g, " ") : text;
}
