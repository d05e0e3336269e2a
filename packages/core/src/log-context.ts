// What every log line of a request or an attempt carries, wherever in the code it is written.
import { AsyncLocalStorage } from "node:async_hooks";
import { parseTraceContext } from "@meanwhile/protocol";

export interface LogFields {
  readonly requestId?: string;
  readonly traceId?: string;
  readonly jobId?: string;
  readonly type?: string;
  readonly attempt?: number;
}

const storage = new AsyncLocalStorage<LogFields>();

/** Runs `work` with these fields on each line that is logged inside it, also after it has waited. */
export function withLogFields<T>(fields: LogFields, work: () => T): T {
  return storage.run(fields, work);
}

/** The fields of the request or attempt that is running now; for pino: `mixin: currentLogFields`. */
export function currentLogFields(): LogFields {
  return storage.getStore() ?? NO_FIELDS;
}

const NO_FIELDS: LogFields = {};

/** The trace id of a `traceparent`, or `undefined` where it is none. */
export function traceIdOf(traceparent: string | null | undefined): string | undefined {
  return parseTraceContext(traceparent ?? undefined, undefined)?.traceId;
}
