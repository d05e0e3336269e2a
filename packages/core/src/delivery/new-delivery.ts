// A delivery as it is queued: everything about it that is fixed when its event commits. Pure.
import { createHash } from "node:crypto";
import type { JobEventType } from "@meanwhile/protocol";
import { toJobEvent } from "../event/event.js";
import type { StoredEvent } from "../job/change.js";
import type { Job, JobId } from "../job/job.js";
import { pushedEventText } from "../resource/pushed-event.js";
import { pushedJobText } from "../resource/pushed-job.js";
import { type Target, targetOfFeed, WEBHOOK_CHANNEL } from "./subscription.js";

export interface NewDelivery extends Target {
  readonly id: string;
  readonly owner: string;
  readonly jobId: JobId;
  readonly seq: number;
  readonly eventType: JobEventType;
  /** What one job sends to one target: it goes in the order of `seq`. */
  readonly line: string;
  /** What shares one limit: an owner's deliveries to one receiver. */
  readonly lane: string;
  readonly body: string;
  readonly traceparent: string | null;
  readonly createdAt: number;
}

/** What every delivery of a process is made with. */
export interface DeliveryMaking {
  /** Put before every link: empty for absolute paths, or the address of the server. */
  readonly linkBase: string;
  /** Names of the channels that are told every event of every job. */
  readonly feeds: readonly string[];
}

/**
 * The deliveries of one event: those to the targets that were matched, then those of the feeds. What has the same body shares it.
 *
 * @param facts.job As the event's transaction leaves it.
 */
export function newDeliveries(
  targets: readonly Target[],
  { job, event }: { job: Job; event: StoredEvent },
  { linkBase, feeds }: DeliveryMaking,
): readonly NewDelivery[] {
  const made: NewDelivery[] = [];
  if (targets.length > 0) {
    const body = deliveryBody({ job, event, linkBase });
    for (const target of targets) made.push(newDelivery(target, { job, event, body }));
  }
  if (feeds.length > 0) {
    const body = pushedEventText(toJobEvent(event, job), linkBase);
    for (const feed of feeds) made.push(newDelivery(targetOfFeed(feed, event.type, job), { job, event, body }));
  }
  return made;
}

/** @param facts.job As the event's transaction leaves it. */
export function newDelivery(
  target: Target,
  { job, event, body }: { job: Job; event: StoredEvent; body: string },
): NewDelivery {
  const { channel } = target;
  const place = placeOf(target);
  return {
    ...target,
    id: deliveryId(event, place),
    owner: job.owner,
    jobId: job.id,
    seq: event.seq,
    eventType: event.type,
    line: `${job.id}/${place ?? ""}`,
    lane: laneOf({ channel, owner: job.owner, target: target.target }),
    body,
    traceparent: job.traceparent,
    createdAt: event.at,
  };
}

/**
 * The JSON text of a `WebhookBody`. A result above 256 KiB stays behind, in the job and in the event; `resultUrl` says where.
 *
 * @param linkBase Put before every link: empty for absolute paths, or the address of the server.
 */
export function deliveryBody({ job, event, linkBase }: { job: Job; event: StoredEvent; linkBase: string }): string {
  const shown = toJobEvent(event, job);
  return `{"type":"${shown.type}","timestamp":"${shown.at}","data":{"job":${pushedJobText(job, linkBase)},"event":${pushedEventText(
    shown,
    linkBase,
  )}}}`;
}

/** What tells apart the targets of one job: an endpoint, a feed, or `null` for the one that the job itself named. */
function placeOf({ channel, endpointId }: Target): string | null {
  return endpointId ?? (channel === WEBHOOK_CHANNEL ? null : channel);
}

/**
 * Drawn from what the delivery is, not by chance: every store gives it the same one, and no event can be queued twice for a
 * target. In the form of a UUIDv7, so that ids sort by the time of their events.
 */
export function deliveryId({ jobId, seq, at }: StoredEvent, place: string | null): string {
  const hash = createHash("sha256")
    .update(`${jobId}:${seq}:${place ?? ""}`)
    .digest("hex");
  const time = at.toString(16).padStart(12, "0");
  const variant = (8 + (Number.parseInt(hash[3]!, 16) & 3)).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hash.slice(0, 3)}-${variant}${hash.slice(4, 7)}-${hash.slice(7, 19)}`;
}

/**
 * The receiver is what is slow or away, not the single address: many jobs name addresses that differ in their query only. Behind
 * a feed stands one receiver, whatever its targets are.
 */
export function laneOf({ channel, owner, target }: { channel: string; owner: string; target: string }): string {
  if (channel !== WEBHOOK_CHANNEL) return `${channel} ${owner}`;
  return `${channel} ${owner} ${receiverOf(target)}`;
}

/** Who is behind a target: without its path and query, which may tell apart jobs, or hold a secret. */
export function receiverOf(target: string): string {
  return URL.canParse(target) ? new URL(target).origin : target;
}
