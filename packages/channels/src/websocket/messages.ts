// The messages of the JSON dialect: what a caller may say, and how each answer is written.
import { AppError, parseJsonDocument, pushedEventText } from "@meanwhile/core";
import { escapePointer, type Fault, type JobEvent, type Problem } from "@meanwhile/protocol";

/** Echoed as it came, so that the caller can tell answers apart. */
export type Ref = string | number | undefined;

export type Message =
  | { op: "auth"; ref: Ref; token: string }
  | { op: "auth"; ref: Ref; ticket: string }
  | { op: "submit"; ref: Ref; envelope: unknown; idempotencyKey: string | undefined; follow: boolean }
  | { op: "follow"; ref: Ref; jobId: string; after: number }
  | { op: "unfollow"; ref: Ref; jobId: string }
  | { op: "cancel"; ref: Ref; jobId: string };

type Fields = Readonly<Record<string, unknown>>;

/** The members of each message beside `op` and `ref`; those of a submit are judged by the engine. */
const MEMBERS: Readonly<Record<Exclude<Message["op"], "submit">, readonly string[]>> = {
  auth: ["token", "ticket"],
  follow: ["jobId", "after"],
  unfollow: ["jobId"],
  cancel: ["jobId"],
};

const REF_CHARACTERS = 255;

/** @throws AppError `invalid_request` for what is no JSON object, `unsupported_media_type` for bytes. */
export function readFields(data: Buffer, isBinary: boolean): Fields {
  if (isBinary) {
    throw new AppError("unsupported_media_type", { message: "Messages here are JSON text; this one came as binary." });
  }
  const value = parseJsonDocument(data.toString("utf8"), "The message");
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid([{ pointer: "#", detail: 'Expected an object with the member "op".' }]);
  }
  return value as Fields;
}

/** `undefined` where there is none that could be echoed. */
export function refOf({ ref }: Fields): Ref {
  if (typeof ref === "number") return ref;
  return typeof ref === "string" && ref.length <= REF_CHARACTERS ? ref : undefined;
}

/** @throws AppError `invalid_parameters` naming every member that is wrong. */
export function readMessage(fields: Fields): Message {
  const ref = refOf(fields);
  const faults: Fault[] = [];
  if (fields.ref !== undefined && ref === undefined) {
    faults.push({ pointer: "#/ref", detail: `Expected a number, or text of at most ${REF_CHARACTERS} characters.` });
  }
  const message = read(fields, ref, faults);
  if (message === undefined || faults.length > 0) throw invalid(faults);
  return message;
}

/** @returns `undefined` only where there are faults. */
function read(fields: Fields, ref: Ref, faults: Fault[]): Message | undefined {
  const { op } = fields;
  if (op === "submit") return readSubmit(fields, ref, faults);
  if (op !== "auth" && op !== "follow" && op !== "unfollow" && op !== "cancel") {
    const detail = `Expected one of auth, submit, follow, unfollow, cancel; got ${shown(op)}.`;
    faults.push({ pointer: "#/op", detail });
    return undefined;
  }
  for (const name of Object.keys(fields)) {
    if (name === "op" || name === "ref" || MEMBERS[op].includes(name)) continue;
    faults.push({ pointer: `#/${escapePointer(name)}`, detail: "There is no such member." });
  }
  if (op === "auth") return readAuth(fields, ref, faults);
  const { jobId, after = 0 } = fields;
  if (typeof jobId !== "string") {
    faults.push({ pointer: "#/jobId", detail: `Expected the id of a job, got ${shown(jobId)}.` });
    return undefined;
  }
  if (op !== "follow") return { op, ref, jobId };
  if (!Number.isSafeInteger(after) || (after as number) < 0) {
    faults.push({
      pointer: "#/after",
      detail: `Expected the last seq that you have, 0 or above, got ${shown(after)}.`,
    });
  }
  return { op, ref, jobId, after: after as number };
}

function readSubmit(fields: Fields, ref: Ref, faults: Fault[]): Message {
  const { op: _op, ref: _ref, idempotencyKey, follow = false, ...envelope } = fields;
  if (idempotencyKey !== undefined && typeof idempotencyKey !== "string") {
    faults.push({ pointer: "#/idempotencyKey", detail: `Expected text, got ${shown(idempotencyKey)}.` });
  }
  if (typeof follow !== "boolean") {
    faults.push({ pointer: "#/follow", detail: `Expected true or false, got ${shown(follow)}.` });
  }
  return {
    op: "submit",
    ref,
    envelope,
    idempotencyKey: idempotencyKey as string | undefined,
    follow: follow === true,
  };
}

function readAuth({ token, ticket }: Fields, ref: Ref, faults: Fault[]): Message | undefined {
  if (typeof token === "string" && ticket === undefined) return { op: "auth", ref, token };
  if (typeof ticket === "string" && token === undefined) return { op: "auth", ref, ticket };
  faults.push({ pointer: "#/token", detail: 'Expected either "token" with an API key or a token, or "ticket".' });
  return undefined;
}

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  return JSON.stringify(value).slice(0, 60);
}

function invalid(faults: readonly Fault[]): AppError {
  const [first] = faults;
  return new AppError("invalid_parameters", { message: `${first?.pointer}: ${first?.detail}`, faults });
}

export function readyText(ref: Ref): string {
  return JSON.stringify({ op: "ready", ref });
}

export function jobText(op: "submitted" | "cancelled", { ref, job }: { ref: Ref; job: string }): string {
  return `{"op":"${op}"${ref === undefined ? "" : `,"ref":${JSON.stringify(ref)}`},"job":${job}}`;
}

export function followingText(ref: Ref, jobId: string): string {
  return JSON.stringify({ op: "following", ref, jobId });
}

export function endText(jobId: string, ref?: Ref): string {
  return JSON.stringify({ op: "end", ref, jobId });
}

/** @param jobId Of the follow that has ended with it. */
export function errorText(problem: Problem, { ref, jobId }: { ref: Ref; jobId?: string }): string {
  return JSON.stringify({ op: "error", ref, jobId, problem });
}

// However many connections follow a job, each event is written out once, and its bytes are shared.
const bytes = new WeakMap<JobEvent, Buffer>();

export function eventMessage(event: JobEvent, linkBase: string): Buffer {
  let known = bytes.get(event);
  if (known === undefined) {
    known = Buffer.from(`{"op":"event","jobId":"${event.jobId}","event":${pushedEventText(event, linkBase)}}`);
    bytes.set(event, known);
  }
  return known;
}
