// A page of the whole log as followers see it: events made whole once, chosen for each follower, cut into runs.
import type { JobEvent, JobEventType, JobStatus } from "@meanwhile/protocol";
import { hasScope, type Principal } from "../principal/principal.js";
import type { LogPage, PositionedEvent, PurgedEvents } from "../store/event-store.js";
import { toJobEvent } from "./event.js";

/** What comes along the log of all jobs. */
export type LogItem =
  | { readonly kind: "event"; readonly position: string; readonly event: JobEvent; readonly jobType: string }
  /** Behind this position events are missing, because their jobs were purged. What is kept follows. */
  | { readonly kind: "reset"; readonly position: string | null };

/** Which events a follower wants; of each kind all where nothing is named. */
export interface LogFilter {
  /** Job types. */
  readonly types?: readonly string[];
  /** The job's status after the event. */
  readonly statuses?: readonly JobStatus[];
  readonly events?: readonly JobEventType[];
}

export interface WholePage {
  readonly entries: readonly LogEntry[];
  /** The same by owner: most followers see one only. */
  readonly byOwner: ReadonlyMap<string, readonly LogEntry[]>;
  readonly position: string | null;
  readonly purged: readonly PurgedEvents[];
}

export interface LogEntry {
  readonly item: LogItem & { kind: "event" };
  /** About, as text. */
  readonly sizeBytes: number;
}

/** What is handed out at once; see `SLICE_BYTES` of the job's reader. */
const RUN_BYTES = 64 * 1024;

export function toWholePage({ events, position, purged }: LogPage): WholePage {
  const entries: LogEntry[] = [];
  const byOwner = new Map<string, LogEntry[]>();
  for (const stored of events) {
    const entry = toEntry(stored);
    entries.push(entry);
    const own = byOwner.get(stored.owner);
    if (own === undefined) byOwner.set(stored.owner, [entry]);
    else own.push(entry);
  }
  return { entries, byOwner, position, purged };
}

function toEntry(stored: PositionedEvent): LogEntry {
  const { position, subject, data } = stored;
  const item = { kind: "event", position, event: toJobEvent(stored, subject), jobType: subject.type } as const;
  return { item, sizeBytes: (data ?? subject.result)?.body.length ?? 0 };
}

export interface Chooser {
  /** The events behind `cursor` that the follower may see and wants. */
  choose(page: WholePage, cursor: string): readonly LogEntry[];
  /** The last position whose event is missing for this follower; empty where none is. */
  lastPurged(page: WholePage): string;
}

export function createChooser(principal: Principal, { types, statuses, events }: LogFilter): Chooser {
  const seesAll = hasScope(principal, "jobs:admin");
  const isWanted = ({ item: { event, jobType } }: LogEntry) =>
    (types === undefined || types.includes(jobType)) &&
    (statuses === undefined || statuses.includes(event.status)) &&
    (events === undefined || events.includes(event.type));
  return {
    choose: ({ entries, byOwner }, cursor) =>
      (seesAll ? entries : (byOwner.get(principal.owner) ?? [])).filter(
        (entry) => entry.item.position > cursor && isWanted(entry),
      ),
    lastPurged({ purged }) {
      let last = "";
      for (const { owner, position } of purged) {
        if ((seesAll || owner === principal.owner) && position > last) last = position;
      }
      return last;
    },
  };
}

/** In runs that are handed out one by one, so that a slow reader can stop in between. */
export function* runsOf(entries: readonly LogEntry[]): Generator<readonly LogItem[]> {
  let run: LogItem[] = [];
  let bytes = 0;
  for (const { item, sizeBytes } of entries) {
    if (run.length > 0 && bytes + sizeBytes > RUN_BYTES) {
      yield run;
      run = [];
      bytes = 0;
    }
    run.push(item);
    bytes += sizeBytes;
  }
  if (run.length > 0) yield run;
}
