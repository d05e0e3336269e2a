// From what a caller sent to a stored job: checked, made, written, handed on.
import { createHash } from "node:crypto";
import {
  type BatchItem,
  canonicalJson,
  DEFAULT_WEBHOOK_EVENTS,
  findEnvelopeFaults,
  findUnstorableText,
  isDeeperThan,
  LIMITS,
  parseInstant,
  type WebhookTarget,
} from "@meanwhile/protocol";
import type { Clock } from "../clock.js";
import { type Catalog, type Validation, validate } from "../definition/catalog.js";
import type { AnyJobDefinition } from "../definition/define-job.js";
import type { PushChannel } from "../delivery/channel.js";
import { checkTarget } from "../delivery/check-target.js";
import { AppError } from "../errors.js";
import type { IdSource } from "../ids.js";
import type { Job, JobWebhook } from "../job/job.js";
import { submittedEvent } from "../job/new-job.js";
import { jsonTextPayload } from "../job/payload.js";
import { hasScope, maySubmit } from "../principal/principal.js";
import type { NewJob } from "../store/job-store.js";
import type { SubmitOptions } from "./engine.js";
import { invalidParameters, keyMissing, missingScope, unknownType } from "./refusals.js";

export interface DraftDependencies {
  catalog: Catalog;
  clock: Clock;
  ids: IdSource;
  pushChannels: readonly PushChannel[];
}

export interface DraftOptions extends SubmitOptions {
  /** Where the envelope stands in the request. */
  readonly pointer: string;
  readonly batch: boolean;
  readonly rerunOf?: string;
}

/**
 * Checks an envelope and makes the job of it, without storing anything. Synchronous where the type's schema is: every
 * submit comes through here.
 *
 * @throws AppError as `Engine.submit` does for everything that can be known before writing.
 */
export function draftJob(
  dependencies: DraftDependencies,
  sent: unknown,
  options: DraftOptions,
): NewJob | Promise<NewJob> {
  const { pointer, batch, principal } = options;
  const faults = findEnvelopeFaults(sent, { pointer, batch });
  if (faults.length > 0) throw invalidParameters(faults);
  const envelope = sent as BatchItem;
  const definition = dependencies.catalog.find(envelope.type);
  if (definition === undefined) {
    const types = dependencies.catalog.definitions.map(({ type }) => type);
    throw unknownType(envelope.type, { pointer: `${pointer}/type`, types });
  }
  if (!maySubmit(principal, definition.type)) throw missingScope(`jobs:submit or jobs:submit:${definition.type}`);
  if ((envelope.priority ?? 0) > 0 && !hasScope(principal, "jobs:priority")) throw missingScope("jobs:priority");
  if (envelope.timeoutMs !== undefined && definition.timeoutMs !== null && envelope.timeoutMs > definition.timeoutMs) {
    const detail = `The type "${definition.type}" allows at most ${definition.timeoutMs} ms.`;
    throw invalidParameters([{ pointer: `${pointer}/timeoutMs`, detail }]);
  }
  const key = envelope.idempotencyKey ?? options.idempotencyKey;
  if (key === undefined && definition.idempotencyKey === "required") throw keyMissing(definition.type);
  const make = (parameters: string): NewJob => {
    const job = makeJob(dependencies, { envelope, definition, parameters, options });
    return {
      job,
      events: [submittedEvent(job)],
      idempotency: key === undefined ? null : { key, fingerprint: fingerprintOf(options.fingerprintOf ?? sent) },
      fileIds: findUuids(parameters),
    };
  };
  const checked = checkParameters(definition, envelope.parameters ?? {}, `${pointer}/parameters`);
  if (envelope.webhook !== undefined) {
    const target = checkTarget(dependencies.pushChannels, envelope.webhook.url, `${pointer}/webhook/url`);
    return Promise.all([checked, target]).then(([parameters]) => make(parameters));
  }
  return checked instanceof Promise ? checked.then(make) : make(checked);
}

/** @returns the JSON text to store: what the caller sent, not what the schema made of it; the worker parses it again. */
function checkParameters(definition: AnyJobDefinition, value: unknown, pointer: string): string | Promise<string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidParameters([{ pointer, detail: "Expected an object." }]);
  }
  if (isDeeperThan(value, LIMITS.jsonDepth)) {
    throw invalidParameters([{ pointer, detail: `Nested deeper than ${LIMITS.jsonDepth} levels.` }]);
  }
  const text = JSON.stringify(value);
  if (text.length > LIMITS.parametersBytes || Buffer.byteLength(text) > LIMITS.parametersBytes) {
    throw new AppError("payload_too_large", {
      message: `The parameters are larger than ${LIMITS.parametersBytes} bytes. Upload large content as a file and name it by its id.`,
    });
  }
  // JSON text writes NUL and lone surrogates as escapes: without any escape there is nothing to look for.
  const unstorable = text.includes("\\u") ? findUnstorableText(value, pointer) : undefined;
  if (unstorable !== undefined) {
    throw invalidParameters([{ pointer: unstorable, detail: "Text must not hold NUL or a lone surrogate." }]);
  }
  const accept = (outcome: Validation): string => {
    if (!outcome.ok) throw invalidParameters(outcome.faults);
    return text;
  };
  const checked = validate(definition.parameters, value, pointer);
  return checked instanceof Promise ? checked.then(accept) : accept(checked);
}

interface JobParts {
  envelope: BatchItem;
  definition: AnyJobDefinition;
  parameters: string;
  options: DraftOptions;
}

function makeJob({ clock, ids }: DraftDependencies, { envelope, definition, parameters, options }: JobParts): Job {
  const now = clock.now();
  const asked = envelope.runAt === undefined ? now + (envelope.delayMs ?? 0) : parseInstant(envelope.runAt)!;
  const runAt = Math.max(now, asked);
  const startWithinMs = envelope.startWithinMs ?? definition.startWithinMs;
  return {
    id: ids.uuid(),
    type: definition.type,
    owner: options.principal.owner,
    status: "PENDING",
    readiness: runAt > now ? "delayed" : "ready",
    priority: envelope.priority ?? 0,
    parameters: jsonTextPayload(parameters),
    result: null,
    error: null,
    attempt: 0,
    maxAttempts: definition.retry.maxAttempts,
    cancelRequestedBy: null,
    progress: null,
    undoSteps: NONE,
    callbackId: envelope.callbackId ?? null,
    tags: envelope.tags ?? NONE,
    concurrencyKey: envelope.concurrencyKey ?? null,
    webhook: envelope.webhook === undefined ? null : toJobWebhook(envelope.webhook),
    rerunOf: options.rerunOf ?? null,
    traceparent: options.origin?.traceparent ?? null,
    tracestate: options.origin?.tracestate ?? null,
    requestId: options.origin?.requestId ?? null,
    createdAt: now,
    updatedAt: now,
    startedAt: null,
    completedAt: null,
    runAt,
    startBy: startWithinMs === null ? null : runAt + startWithinMs,
    completeBy: envelope.completeWithinMs === undefined ? null : now + envelope.completeWithinMs,
    timeoutMs: envelope.timeoutMs ?? definition.timeoutMs,
    retentionMs: envelope.retentionMs ?? definition.retentionMs,
    purgeAt: null,
    lease: null,
    lastSeq: 1,
  };
}

function toJobWebhook({ url, events = DEFAULT_WEBHOOK_EVENTS, secret }: WebhookTarget): JobWebhook {
  return { url, events, secret: secret ?? null };
}

const NONE: readonly string[] = [];

/** SHA-256 of the canonical form of the request as sent, before any default. */
export function fingerprintOf(request: unknown): string {
  return createHash("sha256").update(canonicalJson(request)).digest("base64url");
}

const ANY_UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** Everything in the text that could be the id of a file; the store links those that are one of the owner's. */
export function findUuids(text: string): readonly string[] {
  // Most parameters hold none: 36 characters in quotes are needed for one.
  if (text.length < 38) return NONE;
  const found = text.match(ANY_UUID);
  return found === null ? NONE : [...new Set(found)];
}
