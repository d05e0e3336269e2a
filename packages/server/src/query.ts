// Reading the query and the path: what cannot be read is refused with the name of the parameter.
import { AppError, isUuid } from "@meanwhile/core";
import { isStorableText, LIMITS, parseInstant } from "@meanwhile/protocol";
import type { FastifyRequest } from "fastify";
import type { ParameterDocument } from "./route.js";

type Query = Readonly<Record<string, string | string[] | undefined>>;

/** @throws AppError `invalid_request` for a parameter that the route does not know, or that comes twice. */
export function requireKnownQuery(
  request: FastifyRequest,
  known: Readonly<Record<string, ParameterDocument>> | undefined,
): void {
  const query = request.query as Query;
  for (const name in query) {
    if (known === undefined || !Object.hasOwn(known, name)) {
      const names = Object.keys(known ?? {});
      const advice = names.length === 0 ? "There are none here." : `There are: ${names.join(", ")}.`;
      throw badQuery(name, `is not known. ${advice}`);
    }
    if (typeof query[name] !== "string") throw badQuery(name, "is given more than once.");
  }
}

export function queryText(request: FastifyRequest, name: string): string | undefined {
  const value = (request.query as Query)[name] as string | undefined;
  if (value === undefined) return undefined;
  if (value.length === 0) throw badQuery(name, "is empty. Leave it out, or give it a value.");
  if (!isStorableText(value)) throw badQuery(name, "must not hold NUL or a lone surrogate.");
  return value;
}

/** @throws AppError `invalid_request` for what is no UUID: nothing could be found by it. */
export function queryUuid(request: FastifyRequest, name: string): string | undefined {
  const value = queryText(request, name);
  if (value === undefined || isUuid(value)) return value;
  throw badQuery(name, `must be a UUID in lower case, got ${shown(value)}.`);
}

export function queryInteger(
  request: FastifyRequest,
  name: string,
  range: { min: number; max: number; default: number },
): number {
  const value = (request.query as Query)[name];
  if (value === undefined) return range.default;
  const number = /^\d{1,16}$/.test(value as string) ? Number(value) : Number.NaN;
  if (Number.isSafeInteger(number) && number >= range.min && number <= range.max) return number;
  throw badQuery(name, `must be a whole number from ${range.min} to ${range.max}, got ${shown(value as string)}.`);
}

export function queryInstant(request: FastifyRequest, name: string): number | undefined {
  const value = (request.query as Query)[name] as string | undefined;
  if (value === undefined) return undefined;
  // A plus sign that was not escaped arrives as a space; in an instant it can mean nothing else.
  const epochMs = parseInstant(value.replace(" ", "+"));
  if (epochMs !== undefined) return epochMs;
  throw badQuery(name, `must be an instant such as 2026-11-22T09:00:00.000Z, got ${shown(value)}.`);
}

export function queryOneOf<T extends string>(
  request: FastifyRequest,
  name: string,
  allowed: readonly T[],
): T | undefined {
  const value = (request.query as Query)[name];
  if (value === undefined) return undefined;
  if ((allowed as readonly unknown[]).includes(value)) return value as T;
  throw badQuery(name, `must be one of ${allowed.join(", ")}, got ${shown(value as string)}.`);
}

/** One or several, with commas between. */
export function queryList<T extends string>(
  request: FastifyRequest,
  name: string,
  allowed?: readonly T[],
): readonly T[] | undefined {
  const values = queryText(request, name)?.split(",") as T[] | undefined;
  const unknown = values?.find((value) => value === "" || (allowed !== undefined && !allowed.includes(value)));
  if (unknown === undefined) return values;
  const choice = allowed === undefined ? "names" : `one or several of ${allowed.join(", ")}`;
  throw badQuery(name, `must be ${choice}, with commas between; got ${shown(unknown)}.`);
}

export function queryLimit(request: FastifyRequest): number {
  return queryInteger(request, "limit", LIMITS.pageItems);
}

/** The `seq` behind which a page starts. */
export function queryAfter(request: FastifyRequest): number {
  return queryInteger(request, "after", { min: 0, max: Number.MAX_SAFE_INTEGER, default: 0 });
}

export const LIMIT_PARAMETER: ParameterDocument = {
  schema: {
    type: "integer",
    minimum: LIMITS.pageItems.min,
    maximum: LIMITS.pageItems.max,
    default: LIMITS.pageItems.default,
  },
  description: "Entries of one page.",
};

export const CURSOR_PARAMETER: ParameterDocument = {
  schema: { type: "string" },
  description: "The `nextCursor` of an earlier page; opaque.",
};

export const AFTER_PARAMETER: ParameterDocument = {
  schema: { type: "integer", minimum: 0, default: 0 },
  description: "The `seq` behind which the page starts: the `nextCursor` of an earlier page.",
};

export const TICKET_PARAMETER: ParameterDocument = {
  schema: { type: "string" },
  description: "A ticket, in place of the Authorization header.",
};

/** @throws AppError `job_not_found`, also for an id that is no UUID. */
export function pathJobId(request: FastifyRequest): string {
  const { id } = request.params as { id: string };
  if (isUuid(id)) return id;
  throw new AppError("job_not_found", { message: "There is no such job: the id is not a UUID." });
}

/** @throws AppError `file_not_found`, also for an id that is no UUID. */
export function pathFileId(request: FastifyRequest): string {
  const params = request.params as { id?: string; fileId?: string };
  const id = params.id ?? params.fileId ?? "";
  if (isUuid(id)) return id;
  throw new AppError("file_not_found", { message: "There is no such file: the id is not a UUID." });
}

/** Of a webhook endpoint or a delivery. @throws AppError `not_found`, also for an id that is no UUID. */
export function pathWebhookId(request: FastifyRequest): string {
  const { id } = request.params as { id: string };
  if (isUuid(id)) return id;
  throw new AppError("not_found", { message: "There is no such thing: the id is not a UUID." });
}

function badQuery(name: string, fault: string): AppError {
  return new AppError("invalid_request", {
    message: `The query parameter ${shown(name)} ${fault}`,
    details: { parameter: name.slice(0, 100) },
  });
}

function shown(value: string): string {
  return value.length > 60 ? `text of ${value.length} characters` : JSON.stringify(value);
}
