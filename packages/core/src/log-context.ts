// What every log line of a request or an attempt carries, wherever in the code it is written.
import { AsyncLocalStorage } from "node:async_hooks";

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

// version-traceid-parentid-flags, lower-case hexadecimal (W3C Trace Context, section 3.2).
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/;

/** The trace id of a `traceparent`, or `undefined` where it is none. */
export function traceIdOf(traceparent: string | null | undefined): string | undefined {
  return traceparent === null || traceparent === undefined ? undefined : TRACEPARENT.exec(traceparent)?.[1];
}
