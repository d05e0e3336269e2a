// SEND to /app/jobs/submit: one job, answered on /user/queue/jobs in the order of the frames.
import { isUtf8 } from "node:buffer";
import {
  AppError,
  type Engine,
  type IdSource,
  type Job,
  type Origin,
  parseJsonDocument,
  pushedJobText,
} from "@meanwhile/core";
import { parseIdempotencyKey, parseTraceContext } from "@meanwhile/protocol";
import type { SocketAccess } from "../socket/dialect.js";
import { describeProblem, type ProblemParts } from "../socket/problems.js";
import type { Frame } from "./frame.js";
import type { Subscriptions } from "./subscriptions.js";

export interface Sender {
  /** Rejects where the frame is at fault, or where its refusal can be told nowhere else. */
  send(frame: Frame, access: SocketAccess): Promise<void>;
}

export interface SenderParts extends ProblemParts {
  readonly engine: Pick<Engine, "submit">;
  readonly ids: IdSource;
  readonly subscriptions: Pick<Subscriptions, "answer">;
}

export const SUBMIT_DESTINATION = "/app/jobs/submit";

export function createSender(parts: SenderParts): Sender {
  const { engine, ids, subscriptions, linkBase } = parts;
  let lastAnswer: Promise<unknown> = Promise.resolve();

  const submit = async ({ headers, body }: Frame, { principal }: SocketAccess): Promise<Job> => {
    if (!isUtf8(body)) throw new AppError("invalid_request", { message: "The body is not UTF-8 text." });
    const key = readKey(headers.get("idempotency-key"));
    const { job } = await engine.submit(parseJsonDocument(body.toString("utf8"), "The body"), {
      principal,
      origin: originOf(headers, ids.uuid()),
      ...(key === undefined ? {} : { idempotencyKey: key }),
    });
    return job;
  };

  const answer = async (frame: Frame, submitted: Promise<Job>): Promise<void> => {
    const correlationId = frame.headers.get("correlation-id");
    try {
      const job = pushedJobText(await submitted, linkBase);
      subscriptions.answer({ contentType: "application/json", body: job, correlationId });
    } catch (thrown) {
      const { problem } = describeProblem(thrown, SUBMIT_DESTINATION, parts);
      const body = JSON.stringify(problem);
      const isTold = subscriptions.answer({ contentType: "application/problem+json", body, correlationId });
      // A refusal that nobody listens to must not pass for a submit.
      if (!isTold) throw thrown;
    }
  };

  return {
    async send(frame, access) {
      requireSendable(frame);
      const submitted = submit(frame, access);
      // Whoever answers may not have come to it when it is refused.
      submitted.catch(() => {});
      const answered = lastAnswer.then(() => answer(frame, submitted));
      lastAnswer = answered.catch(() => {});
      return answered;
    },
  };
}

function requireSendable({ headers }: Frame): void {
  const destination = headers.get("destination");
  if (destination !== SUBMIT_DESTINATION) {
    const got = destination === undefined ? "nothing" : JSON.stringify(destination.slice(0, 100));
    throw new AppError("invalid_request", {
      message: `SEND goes to ${SUBMIT_DESTINATION}; the destination was ${got}.`,
    });
  }
  if (headers.has("transaction")) {
    throw new AppError("invalid_request", {
      message: "There are no transactions here: leave out the header transaction.",
    });
  }
}

function readKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const reading = parseIdempotencyKey(header);
  if (reading.ok) return reading.key;
  throw new AppError("invalid_request", { message: `The header idempotency-key cannot be used. ${reading.detail}` });
}

function originOf(headers: Frame["headers"], requestId: string): Origin {
  const traceparent = headers.get("traceparent");
  const trace = traceparent === undefined ? undefined : parseTraceContext(traceparent, headers.get("tracestate"));
  if (trace === undefined) return { requestId };
  const { tracestate } = trace;
  return { requestId, traceparent: trace.traceparent, ...(tracestate === undefined ? {} : { tracestate }) };
}
