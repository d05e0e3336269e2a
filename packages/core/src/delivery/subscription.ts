// Who wants which events. Pure; what a store matches in its own language is held against this.
import type { JobEventType } from "@meanwhile/protocol";
import type { Job } from "../job/job.js";

/** The push channel of targets that are addresses. */
export const WEBHOOK_CHANNEL = "webhook";

export interface Subscription {
  /** `null`: jobs of all types. */
  readonly types: readonly string[] | null;
  readonly events: readonly JobEventType[];
}

export interface StandingSubscription extends Subscription {
  readonly id: string;
  readonly owner: string;
  readonly channel: string;
  readonly url: string;
  readonly enabled: boolean;
}

/** One place where an event goes. */
export interface Target {
  readonly channel: string;
  readonly target: string;
  /** `null` where the job itself named it. */
  readonly endpointId: string | null;
  /** That the job itself brought. */
  readonly secret: string | null;
}

/** Where an event of the job goes: its own target first, then the endpoints in their order. */
export function targetsOf(
  job: Pick<Job, "owner" | "type" | "webhook">,
  eventType: JobEventType,
  endpoints: Iterable<StandingSubscription>,
): readonly Target[] {
  const targets: Target[] = [];
  if (job.webhook?.events.includes(eventType)) targets.push(targetOfJob(job.webhook));
  for (const endpoint of endpoints) if (isWanted(endpoint, job, eventType)) targets.push(targetOfEndpoint(endpoint));
  return targets;
}

export function targetOfJob({ url, secret }: { url: string; secret: string | null }): Target {
  return { channel: WEBHOOK_CHANNEL, target: url, endpointId: null, secret };
}

/** @param feed The name of a push channel that is told everything. */
export function targetOfFeed(feed: string, eventType: JobEventType, { type }: Pick<Job, "type">): Target {
  return { channel: feed, target: `${eventType}.${type}`, endpointId: null, secret: null };
}

export function targetOfEndpoint({ id, channel, url }: Pick<StandingSubscription, "id" | "channel" | "url">): Target {
  return { channel, target: url, endpointId: id, secret: null };
}

function isWanted(endpoint: StandingSubscription, job: Pick<Job, "owner" | "type">, eventType: JobEventType): boolean {
  return (
    endpoint.enabled &&
    endpoint.owner === job.owner &&
    endpoint.events.includes(eventType) &&
    (endpoint.types === null || endpoint.types.includes(job.type))
  );
}
