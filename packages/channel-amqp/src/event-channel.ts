// Events out: the push channel that publishes every event to the topic exchange, each confirmed by the broker.
//
// 1. A message is mandatory and confirmed. The broker returns what no queue wanted before it confirms it: such a message is
//    done, and counted by its status 312. A refusal, a silence or a lost session is a failure, tried again later.
// 2. Many are under way at once; nobody waits for the confirmation of another job's message. Those of one job go one behind the
//    other, which the deliveries see to.
// 3. A repetition has the id of the first sending (invariant I7): whoever keeps the ids of what was read sees it twice, acts once.
import { setMaxListeners } from "node:events";
import type { Clock, DeliveryOptions, Logger, PushChannel, Random, Sending, Sent } from "@meanwhile/core";
import type { ConfirmChannel } from "amqplib";
import { eventProperties } from "./cloud-event.js";
import { createLink, describe } from "./link.js";
import { namesOf } from "./names.js";
import type { ResolvedAmqpOptions } from "./options.js";
import { declareEvents } from "./topology.js";

/** As it stands in the delivery rows. */
export const AMQP_CHANNEL = "amqp";

/** What the broker says of a message that no queue wanted. */
export const NO_ROUTE = 312;

export interface EventChannelParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Put before every link; empty for absolute paths. */
  readonly linkBase: string;
}

export interface EventChannel extends PushChannel {
  /** Messages that the broker has not confirmed yet. */
  readonly underWay: number;
  /** Why there is no connection; `undefined` where there is one. */
  readonly fault: string | undefined;
}

interface Pending {
  isReturned: boolean;
  finish(answer: Answer): void;
}

type Answer = Pick<Sent, "outcome" | "statusCode" | "error" | "responseHead">;

interface Session {
  readonly channel: ConfirmChannel;
  /** By the id of the message; the newest of those with the same id. */
  readonly pending: Map<string, Pending>;
}

export function createEventChannel(
  { linkBase, ...parts }: EventChannelParts,
  options: ResolvedAmqpOptions,
): EventChannel {
  const { clock } = parts;
  const { confirmTimeoutMs } = options;
  const names = namesOf(options.prefix);
  const underWay = new Set<Pending>();

  const link = createLink<Session>(
    {
      ...parts,
      purpose: "events",
      async open(connection, fail) {
        await declareEvents(connection, names);
        const channel = await connection.createConfirmChannel();
        const pending: Session["pending"] = new Map();
        channel.on("error", fail);
        channel.on("close", () => fail(new Error("The broker closed the channel.")));
        channel.on("return", ({ properties }) => {
          const returned = pending.get(properties.messageId as string);
          if (returned !== undefined) returned.isReturned = true;
        });
        return { channel, pending };
      },
      ended({ pending }, fault) {
        for (const each of pending.values()) each.finish(failed(`The connection was lost: ${fault}`));
      },
    },
    options,
  );

  const send = (sending: Sending, signal: AbortSignal): Promise<Answer> =>
    new Promise((resolve) => {
      const { session } = link;
      if (signal.aborted) return resolve(failed("The sending was called off."));
      if (session === undefined) return resolve(failed(`The broker is away: ${link.fault ?? "not connected yet"}`));
      const { channel, pending } = session;
      const properties = eventProperties(sending, linkBase);
      const id = properties.messageId!;
      const callOff = (): void => entry.finish(failed("The sending was called off."));
      const entry: Pending = {
        isReturned: false,
        finish(answer) {
          cancelTimer();
          signal.removeEventListener("abort", callOff);
          underWay.delete(entry);
          if (pending.get(id) === entry) pending.delete(id);
          resolve(answer);
        },
      };
      const late = (): void => entry.finish(failed(`The broker confirmed nothing within ${confirmTimeoutMs} ms.`));
      const cancelTimer = clock.after(confirmTimeoutMs, late);
      // One signal may call off everything that is under way; Node would take so many listeners for a leak.
      setMaxListeners(0, signal);
      signal.addEventListener("abort", callOff);
      underWay.add(entry);
      pending.set(id, entry);
      try {
        channel.publish(names.events, sending.target, Buffer.from(sending.body), properties, (error) => {
          if (error === null || error === undefined) entry.finish(confirmed(entry));
          // A channel that closes says so here without its reason; the end of the session, which follows, has it.
          else if (describe(error) !== CHANNEL_CLOSED) entry.finish(refused(error));
        });
      } catch (error) {
        entry.finish(failed(describe(error)));
      }
    });

  return {
    name: AMQP_CHANNEL,
    isFeed: true,
    deliveryOptions: { ...PACE, sendTimeoutMs: confirmTimeoutMs + 2_000, leaseMs: 2 * (confirmTimeoutMs + 2_000) },
    availability: {
      get isAvailable() {
        return link.session !== undefined && !link.isBlocked;
      },
      onAvailable: (listener) => link.onOpen(listener),
    },
    get underWay() {
      return underWay.size;
    },
    get fault() {
      return link.fault;
    },
    start: () => link.start(),
    checkTarget: async () => undefined,
    async send(sending, signal) {
      const startedAt = clock.now();
      const answer = await send(sending, signal);
      return { ...answer, durationMs: Math.max(0, clock.now() - startedAt), retryAfterMs: null };
    },
    async close() {
      await link.close();
      for (const entry of underWay) entry.finish(failed("The channel was closed."));
    },
  };
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * One receiver, which is close by: many at once, tried again soon. A broker that is away uses up no attempts; this is for one
 * that refuses, because a queue is full, and it goes on for more than two days.
 */
const PACE: DeliveryOptions = {
  concurrency: 512,
  perTargetConcurrency: 512,
  perOwnerConcurrency: 512,
  probeAfterFailures: 50,
  scheduleMs: [
    ...[SECOND, 5 * SECOND, 15 * SECOND, 30 * SECOND, MINUTE],
    ...Array<number>(11).fill(5 * MINUTE),
    ...Array<number>(10).fill(30 * MINUTE),
    ...Array<number>(24).fill(2 * HOUR),
  ],
};

/** The library's own words. */
const CHANNEL_CLOSED = "channel closed";

function failed(error: string): Answer {
  return { outcome: "failed", statusCode: null, error, responseHead: null };
}

function refused(error: unknown): Answer {
  return failed(`The broker refused the message: ${describe(error)}.`);
}

function confirmed({ isReturned }: Pending): Answer {
  const accepted = { outcome: "accepted", error: null } as const;
  return isReturned
    ? { ...accepted, statusCode: NO_ROUTE, responseHead: "NO_ROUTE: no queue wanted the event." }
    : { ...accepted, statusCode: null, responseHead: null };
}
