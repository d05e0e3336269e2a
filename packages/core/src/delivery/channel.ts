// The port of the channels that are served from durable delivery rows: they know their protocol and nothing else.

/** One sending of one delivery: everything a channel needs, read in one piece before it begins. */
export interface Sending {
  /** The same on every retry: by it a receiver notices a repetition (invariant I7). */
  readonly deliveryId: string;
  /** Where to, in the channel's own form: an address for webhooks. */
  readonly target: string;
  /** The body as it was fixed when the event committed: JSON text, sent byte for byte. */
  readonly body: string;
  /** Whom to sign for, newest first; more than one while a secret is rotated. */
  readonly secrets: readonly string[];
  /** Which attempt this is, counted from 1. */
  readonly attempt: number;
  /** W3C Trace Context of the submit. */
  readonly traceparent: string | null;
}

/** What became of one sending. */
export interface Sent {
  /**
   * `accepted`: done. `failed`: try again later. `gone`: the target wants nothing any more (410). `refused`: the target may
   * not be used at all, however often one tries.
   */
  readonly outcome: "accepted" | "failed" | "gone" | "refused";
  /** Status of the answer; `null` where there was none. */
  readonly statusCode: number | null;
  readonly durationMs: number;
  /** What went wrong, in one line; `null` where nothing did. */
  readonly error: string | null;
  /** The beginning of the answer's body. */
  readonly responseHead: string | null;
  /** How long the receiver asked to be left alone, in milliseconds; `null` where it did not. */
  readonly retryAfterMs: number | null;
}

export interface PushChannel {
  /** As it stands in the delivery rows: `webhook`. */
  readonly name: string;
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
