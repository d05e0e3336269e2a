// Whatever was thrown becomes a gRPC status with google.rpc details; the text of an internal error never leaves the house.

import { Metadata, status } from "@grpc/grpc-js";
import { type AppError, errorRetryAfterSeconds, toShownError } from "@meanwhile/core";
import { ERROR_CODES, type Fault } from "@meanwhile/protocol";
import type { DetailCodecs, MessageCodec } from "./definitions.js";

export const ERROR_DOMAIN = "meanwhile";

/** What grpc-js takes as the end of a call that failed. */
export interface Refusal {
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
}

export interface RefusalOptions {
  readonly requestId: string;
  readonly traceId: string;
  readonly codecs: DetailCodecs;
}

export interface ToldRefusal {
  readonly refusal: Refusal;
  /** What went wrong on our side, for the log; `undefined` where nothing did. */
  readonly internal: unknown;
}

export function toRefusal(thrown: unknown, { requestId, traceId, codecs }: RefusalOptions): ToldRefusal {
  const { error, internal } = toShownError(thrown, requestId);
  const code = status[ERROR_CODES[error.code].grpcStatus as keyof typeof status];
  const message = shorten(error.message, MESSAGE_CHARACTERS);
  const details = [
    packed(codecs.ErrorInfo, "ErrorInfo", {
      reason: error.code.toUpperCase(),
      domain: ERROR_DOMAIN,
      metadata: { ...factsOf(error), requestId, traceId },
    }),
    ...violationsOf(error, codecs),
    ...retryOf(error, codecs),
  ];
  const metadata = new Metadata();
  metadata.set("x-request-id", requestId);
  metadata.set("grpc-status-details-bin", codecs.Status.serialize({ code, message, details }));
  return { refusal: { code, details: message, metadata }, internal };
}

// Clients may cut trailers at 8 KiB, and binary ones travel as base64: all of these together stay well below.
const MESSAGE_CHARACTERS = 500;
const FACTS = 10;
const FACT_CHARACTERS = 100;
const VIOLATIONS = 10;
const VIOLATION_CHARACTERS = 150;

function packed(codec: MessageCodec, name: string, message: object): { type_url: string; value: Buffer } {
  return { type_url: `type.googleapis.com/google.rpc.${name}`, value: codec.serialize(message) };
}

function factsOf(error: AppError): Record<string, string> {
  const facts = Object.entries(error.details).slice(0, FACTS);
  return Object.fromEntries(facts.map(([name, value]) => [name, shorten(textOf(value), FACT_CHARACTERS)]));
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function violationsOf({ code, faults, message }: AppError, codecs: DetailCodecs) {
  const all = code === "idempotency_key_missing" ? [{ pointer: "#/idempotencyKey", detail: message }] : faults;
  if (all.length === 0) return [];
  const violations = all.slice(0, VIOLATIONS).map(({ pointer, detail }) => ({
    field: fieldOf(pointer),
    description: shorten(detail, VIOLATION_CHARACTERS),
  }));
  return [packed(codecs.BadRequest, "BadRequest", { field_violations: violations })];
}

function retryOf(error: AppError, codecs: DetailCodecs) {
  const seconds = errorRetryAfterSeconds(error);
  return seconds === undefined ? [] : [packed(codecs.RetryInfo, "RetryInfo", { retry_delay: { seconds } })];
}

/** `#/delayMs` is the field `delay_ms`; `#/parameters/steps` is `parameters_json/steps`: the pointer goes on inside the document. */
export function fieldOf(pointer: Fault["pointer"]): string {
  const [member = "", ...inside] = pointer.replace(/^#\/?/, "").split("/");
  const field =
    member === "parameters" ? "parameters_json" : member.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return shorten([field, ...inside].join("/"), VIOLATION_CHARACTERS);
}

/** Well-formed, too: grpc-js cannot send half a surrogate pair. */
function shorten(text: string, maxCharacters: number): string {
  return (text.length > maxCharacters ? `${text.slice(0, maxCharacters - 1)}…` : text).toWellFormed();
}
