// The port of the channels that are served from durable delivery rows: they know their protocol and nothing else.
import type { JobEventType } from "@meanwhile/protocol";
import type { DeliveryOptions } from "./options.js";

/** One sending of one delivery: everything a channel needs, read in one piece before it begins. */
export interface Sending {
  /** The same on every retry: by it a receiver notices a repetition (invariant I7). */
  readonly deliveryId: string;
  /** Where to, in the channel's own form: an address for webhooks, `<event type>.<job type>` for a feed. */
  readonly target: string;
  /** Which event it is. */
  readonly event: SentEvent;
  /** The body as it was fixed when the event committed: JSON text, sent byte for byte. */
  readonly body: string;
  /** Whom to sign for, newest first; more than one while a secret is rotated. Empty for a feed, which signs nothing. */
  readonly secrets: readonly string[];
  /** Which attempt this is, counted from 1. */
  readonly attempt: number;
  /** W3C Trace Context of the submit. */
  readonly traceparent: string | null;
}

/** What names an event for ever: the same in every sending of it. */
export interface SentEvent {
  readonly jobId: string;
  readonly seq: number;
  readonly type: JobEventType;
  readonly at: number;
}

/** What became of one sending. */
export interface Sent {
  /**
   * `accepted`: done. `failed`: try again later. `gone`: the target wants nothing any more (410). `refused`: the target may
   * not be used at all, however often one tries.
   */
  readonly outcome: "accepted" | "failed" | "gone" | "refused";
  /** Status of the answer, in the protocol's own numbers; `null` where there was none. */
  readonly statusCode: number | null;
  readonly durationMs: number;
  /** What went wrong, in one line; `null` where nothing did. */
  readonly error: string | null;
  /** The beginning of the answer's body. */
  readonly responseHead: string | null;
  /** How long the receiver asked to be left alone, in milliseconds; `null` where it did not. */
  readonly retryAfterMs: number | null;
}

/** Whether sendings may begin, for a channel that keeps a connection of its own. */
export interface Availability {
  readonly isAvailable: boolean;
  /** Calls `listener` whenever it becomes available. @returns ends the listening. */
  onAvailable(listener: () => void): () => void;
}

export interface PushChannel {
  /** As it stands in the delivery rows: `webhook`. */
  readonly name: string;
  /**
   * A feed is told every event of every job, whoever owns it, without an endpoint: each delivery is one event with the body
   * that stands in the job's log, and is erased once it is delivered. Default: false.
   */
  readonly isFeed?: boolean;
  /** What suits this protocol better than the service's options. */
  readonly deliveryOptions?: DeliveryOptions;
  /** Deliveries of a channel that is not available stay where they are, untried. Default: always available. */
  readonly availability?: Availability;
  /** Called once, when the service starts. */
  start?(): void;
  /**
   * Whether a target may be used at all, before anything is stored for it. A name that does not resolve yet may.
   *
   * @returns what is wrong with it, in one sentence; `undefined` where nothing is.
   */
  checkTarget(target: string): Promise<string | undefined>;
  /** Sends once. Rejects only for a fault of our own: whatever the receiver does is a `Sent`. */
  send(sending: Sending, signal: AbortSignal): Promise<Sent>;
  /** Lets go of connections. May be called twice. */
  close(): Promise<void>;
}
