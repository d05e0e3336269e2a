// What every call goes through: an id, its trace, its principal, and one place where what was thrown becomes a status.

import { Metadata, type ServerUnaryCall, type ServerWritableStream, type sendUnaryData } from "@grpc/grpc-js";
import { AppError, type Logger, type Origin, type Principal, withLogFields } from "@meanwhile/core";
import { parseTraceContext, type TraceContext } from "@meanwhile/protocol";
import type { DetailCodecs } from "./definitions.js";
import { type Refusal, toRefusal } from "./refusal.js";

/** What a handler is told about its call. */
export interface CallContext {
  readonly principal: Principal;
  readonly origin: Origin;
  /** Sends the initial metadata; once, before anything else is answered. */
  accept(headers?: Readonly<Record<string, string>>): void;
}

export interface StreamContext extends CallContext {
  /** Aborted when nobody listens any more, or when the call is to end with an error. */
  readonly signal: AbortSignal;
}

export interface CallParts {
  /** Who has made the call with this metadata; it was found out before anything else of the call was read. */
  readonly callerOf: (metadata: Metadata) => Principal;
  readonly makeRequestId: () => string;
  readonly logger: Logger;
  readonly codecs: DetailCodecs;
  /** Holds the stream while it is open. @returns lets go of it. @throws AppError where there is no room. */
  readonly hold: (principal: Principal, end: (reason: AppError) => void) => () => void;
}

type UnaryHandler<Request, Answer> = (request: Request, context: CallContext) => Promise<Answer>;
type StreamHandler<Request, Message> = (request: Request, context: StreamContext) => AsyncIterable<Message>;

export function unary<Request, Answer>(parts: CallParts, handle: UnaryHandler<Request, Answer>) {
  return (call: ServerUnaryCall<Request, Answer>, callback: sendUnaryData<Answer>): void => {
    const arrived = arrive(parts, call);
    void withLogFields(arrived.logFields, async () => {
      try {
        const principal = parts.callerOf(call.metadata);
        callback(null, await handle(call.request, { principal, origin: arrived.origin, accept: arrived.accept }));
      } catch (error) {
        callback(arrived.refuse(error));
      }
    });
  };
}

/**
 * The messages are pulled as the reader takes them: at most 16 wait for a slow one, and then nothing more is read from the
 * store for it. Its watch costs a cursor until it goes on, or goes away.
 */
export function serverStream<Request, Message>(parts: CallParts, handle: StreamHandler<Request, Message>) {
  return (call: ServerWritableStream<Request, Message>): void => {
    const arrived = arrive(parts, call);
    const ending = new AbortController();
    // The caller has gone, or the deadline has passed: grpc-js has answered already. The job goes on.
    call.once("cancelled", () => ending.abort());
    if (call.cancelled) ending.abort();
    void withLogFields(arrived.logFields, async () => {
      let release: (() => void) | undefined;
      try {
        const principal = parts.callerOf(call.metadata);
        release = parts.hold(principal, (reason) => ending.abort(reason));
        const context = { principal, origin: arrived.origin, accept: arrived.accept, signal: ending.signal };
        for await (const message of handle(call.request, context)) {
          if (ending.signal.aborted) break;
          if (!call.write(message)) await drained(call, ending.signal);
        }
        if (ending.signal.reason instanceof AppError) throw ending.signal.reason;
        call.end();
      } catch (error) {
        call.emit("error", arrived.refuse(error));
      } finally {
        release?.();
      }
    });
  };
}

function drained(call: ServerWritableStream<unknown, unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      call.removeListener("drain", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    call.once("drain", done);
    signal.addEventListener("abort", done, { once: true });
    if (signal.aborted) done();
  });
}

/** How a call ends that failed with this. What went wrong on our side goes to the log. */
export function refuseCall(
  parts: Pick<CallParts, "makeRequestId" | "logger" | "codecs">,
  { metadata, path }: { metadata: Metadata; path: string },
  error: unknown,
): Refusal {
  const requestId = parts.makeRequestId();
  return refusalOf(error, { ...parts, path, requestId, traceId: traceIdOf(readTrace(metadata), requestId) });
}

type AnyCall = Pick<ServerUnaryCall<unknown, unknown>, "metadata" | "sendMetadata" | "getPath">;

function arrive(parts: CallParts, call: AnyCall) {
  const requestId = parts.makeRequestId();
  const trace = readTrace(call.metadata);
  const traceId = traceIdOf(trace, requestId);
  return {
    logFields: { requestId, traceId },
    origin: originOf(requestId, trace),
    accept(headers: Readonly<Record<string, string>> = {}) {
      const metadata = new Metadata();
      for (const [name, value] of Object.entries({ "x-request-id": requestId, ...headers })) metadata.set(name, value);
      call.sendMetadata(metadata);
    },
    refuse(error: unknown) {
      const refusal = refusalOf(error, { ...parts, path: call.getPath(), requestId, traceId });
      return Object.assign(new Error(refusal.details), refusal);
    },
  };
}

interface RefusalParts extends Pick<CallParts, "logger" | "codecs"> {
  readonly path: string;
  readonly requestId: string;
  readonly traceId: string;
}

function refusalOf(error: unknown, { logger, path, ...options }: RefusalParts): Refusal {
  const { refusal, internal } = toRefusal(error, options);
  if (internal !== undefined) logger.error({ err: internal, method: path }, "a call failed on our side");
  return refusal;
}

/** A request id is a UUID, and its 32 digits are a trace id: a trace may begin here. */
function traceIdOf(trace: TraceContext | undefined, requestId: string): string {
  return trace?.traceId ?? requestId.replaceAll("-", "");
}

function readTrace(metadata: Metadata): TraceContext | undefined {
  return parseTraceContext(first(metadata, "traceparent"), first(metadata, "tracestate"));
}

function originOf(requestId: string, trace: TraceContext | undefined): Origin {
  if (trace === undefined) return { requestId };
  const { traceparent, tracestate } = trace;
  return tracestate === undefined ? { requestId, traceparent } : { requestId, traceparent, tracestate };
}

function first(metadata: Metadata, name: string): string | undefined {
  const [value] = metadata.get(name);
  return value === undefined ? undefined : String(value);
}
