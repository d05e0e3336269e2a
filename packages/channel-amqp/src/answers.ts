// What is sent back for a submit: the job, the problem, or the message itself on its way to the dead-letter queue. Pure.
import { errorRetryAfterSeconds, pushedJobText, type Submitted, toProblem, toShownError } from "@meanwhile/core";
import type { ErrorCode } from "@meanwhile/protocol";
import type { ConsumeMessage, Options } from "amqplib";
import type { Names } from "./names.js";

/** A message to publish. */
export interface Outgoing {
  readonly exchange: string;
  readonly routingKey: string;
  readonly content: Buffer;
  readonly properties: Options.Publish;
}

/** `undefined` where the submit asked for no answer. */
export function answerOf(
  { job, replayed }: Submitted,
  message: ConsumeMessage,
  linkBase: string,
): Outgoing | undefined {
  return reply(message, {
    text: pushedJobText(job, linkBase),
    contentType: "application/json",
    type: "job",
    headers: replayed ? { "idempotent-replayed": "true" } : {},
  });
}

export interface Refusal {
  readonly code: ErrorCode;
  readonly detail: string;
  /** What went wrong on our side, for the log. */
  readonly internal: unknown;
  /** `undefined` where the submit asked for no answer. */
  readonly outgoing: Outgoing | undefined;
}

export function refusalOf(
  thrown: unknown,
  message: ConsumeMessage,
  { requestId, linkBase, queue }: { requestId: string; linkBase: string; queue: string },
): Refusal {
  const { error, internal } = toShownError(thrown, requestId);
  const problem = toProblem(error, {
    instance: `/queues/${queue}`,
    traceId: requestId.replaceAll("-", ""),
    linkBase,
  });
  const retryAfter = errorRetryAfterSeconds(error);
  const outgoing = reply(message, {
    text: JSON.stringify(problem),
    contentType: "application/problem+json",
    type: "problem",
    headers: retryAfter === undefined ? {} : { "retry-after": String(retryAfter) },
  });
  return { code: error.code, detail: detailOf(problem), internal, outgoing };
}

/** The message as it came, with the reason beside what it brought. */
export function deadMessage(
  { content, properties }: ConsumeMessage,
  { reason, names }: { reason: string; names: Names },
): Outgoing {
  const { contentType, contentEncoding, correlationId, replyTo, messageId, timestamp, type, appId } = properties;
  return {
    exchange: names.dead,
    routingKey: names.submit,
    content,
    properties: {
      ...given({ contentType, contentEncoding, correlationId, replyTo, messageId, timestamp, type, appId }),
      persistent: true,
      headers: { ...properties.headers, "x-reason": reason.slice(0, REASON_CHARACTERS) },
    },
  };
}

/** For people; the message itself has the rest. */
const REASON_CHARACTERS = 1_000;

interface Reply {
  readonly text: string;
  readonly contentType: string;
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
}

function reply({ properties }: ConsumeMessage, { text, ...said }: Reply): Outgoing | undefined {
  const { replyTo, correlationId } = properties;
  if (typeof replyTo !== "string" || replyTo === "") return undefined;
  return {
    exchange: "",
    routingKey: replyTo,
    content: Buffer.from(text),
    properties: { ...given({ correlationId }), ...said, persistent: true, appId: "meanwhile" },
  };
}

/** Only what was there: the library writes `undefined` as text. */
function given(properties: Options.Publish): Options.Publish {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined));
}

function detailOf({
  detail,
  errors = [],
}: {
  detail: string;
  errors?: readonly { pointer: string; detail: string }[];
}) {
  return [detail, ...errors.map((each) => `${each.pointer}: ${each.detail}`)].join(" ");
}
