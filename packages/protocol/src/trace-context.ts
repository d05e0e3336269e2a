// W3C Trace Context: what came in a traceparent, where it can be read at all.

export interface TraceContext {
  /** 32 lower-case hexadecimal characters. */
  readonly traceId: string;
  readonly traceparent: string;
  readonly tracestate: string | undefined;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.{0,200})?$/;
const NO_TRACE = "0".repeat(32);
const NO_PARENT = "0".repeat(16);
/** What an implementation must at least pass on (section 3.3.1.5); more is left out, never an error. */
const TRACESTATE_CHARACTERS = 512;
const PRINTABLE = /^[\x20-\x7e\t]+$/;

/** `undefined` where the header is missing or malformed: a bad trace never spoils a request. */
export function parseTraceContext(
  traceparent: string | undefined,
  tracestate: string | undefined,
): TraceContext | undefined {
  if (traceparent === undefined) return undefined;
  const match = TRACEPARENT.exec(traceparent.trim());
  if (match === null) return undefined;
  const [whole, version, traceId = "", parentId, rest] = match;
  if (version === "ff" || traceId === NO_TRACE || parentId === NO_PARENT) return undefined;
  if (version === "00" && rest !== undefined) return undefined;
  return { traceId, traceparent: whole, tracestate: readableState(tracestate) };
}

function readableState(tracestate: string | undefined): string | undefined {
  const text = tracestate?.trim();
  if (text === undefined || text.length === 0 || text.length > TRACESTATE_CHARACTERS) return undefined;
  return PRINTABLE.test(text) ? text : undefined;
}
