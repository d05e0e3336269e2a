// Submits in: takes jobs from the submit queue, one message each.
//
// 1. A message is acknowledged once its job is durable (invariant I9), or once what was wrong with it is told: to whoever asked
//    for an answer, else to the dead-letter queue. Nothing disappears silently.
// 2. `message_id` is the idempotency key: a message that comes twice, because a connection broke in between, makes one job.
// 3. A store that is away is waited for with the message in hand. The prefetch bounds how many wait; nothing goes round in
//    circles meanwhile, and a process that dies leaves the messages to the others.
// 4. The broker counts how often a message came back. One that reached the limit is put aside before it is looked at: it may be
//    what ends the processes that look at it.
import {
  type Clock,
  type Engine,
  type IdSource,
  isOutage,
  type Logger,
  type Principal,
  publish,
  type Random,
} from "@meanwhile/core";
import type { Channel, ConfirmChannel, ConsumeMessage } from "amqplib";
import { answerOf, deadMessage, type Outgoing, refusalOf } from "./answers.js";
import { createLink, describe, pause } from "./link.js";
import { namesOf } from "./names.js";
import type { ResolvedAmqpOptions } from "./options.js";
import { deliveriesBefore, originOf, readSubmit } from "./read-submit.js";
import { declareSubmits } from "./topology.js";

export interface SubmitConsumerParts {
  readonly engine: Pick<Engine, "submit">;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: IdSource;
  readonly logger: Logger;
  /** Put before every link; empty for absolute paths. */
  readonly linkBase: string;
}

export interface SubmitConsumer {
  /** Messages that were taken and are not settled. */
  readonly underWay: number;
  /** Why there is no connection; `undefined` where there is one. */
  readonly fault: string | undefined;
  start(): void;
  /** Takes nothing new, waits for what is being stored, and leaves the rest to the broker, which gives it to others. */
  stop(): Promise<void>;
}

interface Session {
  readonly taking: Channel;
  readonly telling: ConfirmChannel;
  readonly consumerTag: string;
  /** Fires when the session is over: what was taken on it is the broker's again. */
  readonly over: AbortController;
  /** Fires then, and when this process stops. */
  readonly ending: AbortSignal;
  fail(error: unknown): void;
}

/** What became of a message. */
type Settled = "accepted" | "refused" | "unreadable" | "poison" | "returned";

/** Waits between two tries at a store that is away. */
const RETRY = { firstMs: 250, longestMs: 10_000 };
/** Below the half hour after which a broker takes its messages back by default. */
const HOLD_MS = 25 * 60_000;
/** What is being stored at a stop. */
const STOP_WITHIN_MS = 5_000;

export function createSubmitConsumer(parts: SubmitConsumerParts, options: ResolvedAmqpOptions): SubmitConsumer {
  const { engine, clock, ids, logger, linkBase } = parts;
  const names = namesOf(options.prefix);
  const { owner } = options;
  const principal: Principal = { owner, name: "amqp", scopes: null, expiresAt: null, credentialId: null };
  const taken = new Set<Promise<void>>();
  const stopping = new AbortController();

  const link = createLink<Session>(
    {
      ...parts,
      purpose: "submits",
      async open(connection, fail) {
        await declareSubmits(connection, names, options);
        const [taking, telling] = [await connection.createChannel(), await connection.createConfirmChannel()];
        for (const channel of [taking, telling]) {
          channel.on("error", fail);
          channel.on("close", () => fail(new Error("The broker closed the channel.")));
        }
        await taking.prefetch(options.prefetch);
        const over = new AbortController();
        const ending = AbortSignal.any([over.signal, stopping.signal]);
        const session = { taking, telling, over, ending, fail, consumerTag: ids.uuid() };
        await taking.consume(names.submit, (message) => receive(session, message), {
          consumerTag: session.consumerTag,
        });
        return session;
      },
      ended: ({ over }) => over.abort(),
    },
    options,
  );

  const receive = (session: Session, message: ConsumeMessage | null): void => {
    // `null`: the queue was deleted. It is declared again.
    if (message === null) {
      session.fail(new Error(`The queue ${names.submit} was deleted.`));
      return;
    }
    const work = handle(session, message).finally(() => taken.delete(work));
    taken.add(work);
  };

  /** Never rejects. */
  const handle = async (session: Session, message: ConsumeMessage): Promise<void> => {
    const startedAt = clock.now();
    try {
      const outcome = await settle(session, message);
      publish("meanwhile:queue-submit", () => ({ outcome, durationMs: clock.now() - startedAt }));
    } catch (error) {
      if (session.over.signal.aborted) return;
      // Whatever could not be told must not be acknowledged: the broker has the message, and another session gets it.
      logger.warn({ err: error, queue: names.submit }, "a submit could not be settled; it comes again");
      session.fail(error);
    }
  };

  const settle = async (session: Session, message: ConsumeMessage): Promise<Settled> => {
    const before = deliveriesBefore(message);
    if (before >= options.deliveryLimit) {
      return putAside(session, message, `It was delivered ${before} times, and no process settled it.`, "poison");
    }
    const requestId = ids.uuid();
    try {
      const reading = readSubmit(message);
      if (reading.outcome === "unreadable") return await putAside(session, message, reading.reason, "unreadable");
      const { envelope, idempotencyKey } = reading;
      const key = idempotencyKey === undefined ? {} : { idempotencyKey };
      const submitting = { principal, origin: originOf(message, requestId), ...key };
      const submitted = await patiently(session, () => engine.submit(envelope, submitting));
      if (submitted === "given up") return giveBack(session, message);
      // Behind this the job is durable, whatever becomes of the answer: a second job for a lost answer would be worse.
      tell(session, answerOf(submitted, message, linkBase));
      session.taking.ack(message);
      return "accepted";
    } catch (error) {
      return refuse(session, message, { error, requestId });
    }
  };

  const refuse = async (
    session: Session,
    message: ConsumeMessage,
    { error, requestId }: { error: unknown; requestId: string },
  ): Promise<Settled> => {
    if (session.over.signal.aborted) throw error;
    const { code, detail, internal, outgoing } = refusalOf(error, message, {
      requestId,
      linkBase,
      queue: names.submit,
    });
    if (internal !== undefined)
      logger.error({ err: internal, requestId }, "a submit by queue failed by a fault of our own");
    if (code === "shutting_down") return giveBack(session, message);
    // Perhaps it was chance. The broker counts, and in the end it is put aside.
    if (code === "internal") {
      await pause(clock, waitMs(deliveriesBefore(message), parts.random), session.over.signal);
      return giveBack(session, message);
    }
    if (outgoing === undefined) return putAside(session, message, `${code}: ${detail}`, "refused");
    tell(session, outgoing);
    session.taking.ack(message);
    return "refused";
  };

  /** @returns `given up` where the store stayed away for too long, or this process ends. */
  const patiently = async <T>(session: Session, submit: () => Promise<T>): Promise<T | "given up"> => {
    const until = clock.now() + HOLD_MS;
    for (let tries = 0; ; tries++) {
      try {
        return await submit();
      } catch (error) {
        if (!isOutage(error)) throw error;
        if (tries === 0) logger.warn({ queue: names.submit }, "the store is away; submits by queue wait for it");
        await pause(clock, waitMs(tries, parts.random), session.ending);
        if (session.ending.aborted || clock.now() >= until) return "given up";
      }
    }
  };

  const giveBack = (session: Session, message: ConsumeMessage): Settled => {
    if (!session.over.signal.aborted) session.taking.nack(message, false, true);
    return "returned";
  };

  /** Acknowledged only once the dead-letter queue has it: a reject could not say why. */
  const putAside = async (
    session: Session,
    message: ConsumeMessage,
    reason: string,
    outcome: "unreadable" | "poison" | "refused",
  ): Promise<Settled> => {
    await confirmedSend(session, deadMessage(message, { reason, names }));
    session.taking.ack(message);
    logger.warn({ queue: names.submitDead, messageId: message.properties.messageId, reason }, "a submit was put aside");
    return outcome;
  };

  const confirmedSend = (session: Session, outgoing: Outgoing): Promise<void> =>
    new Promise((resolve, reject) => {
      const late = (): void => reject(new Error(`The broker confirmed nothing within ${options.confirmTimeoutMs} ms.`));
      const cancelTimer = clock.after(options.confirmTimeoutMs, late);
      const { exchange, routingKey, content, properties } = outgoing;
      session.telling.publish(exchange, routingKey, content, properties, (error) => {
        cancelTimer();
        if (error === null || error === undefined) resolve();
        else reject(error);
      });
    });

  /** An answer whose queue is gone is dropped by the broker, and that is no fault. */
  const tell = (session: Session, outgoing: Outgoing | undefined): void => {
    if (outgoing === undefined) return;
    confirmedSend(session, outgoing).catch((error) => {
      logger.warn({ reason: describe(error) }, "an answer to a submit by queue could not be sent");
    });
  };

  return {
    get underWay() {
      return taken.size;
    },
    get fault() {
      return link.fault;
    },
    start: () => link.start(),
    async stop() {
      stopping.abort();
      const { session } = link;
      if (session !== undefined) {
        const ended = new AbortController();
        const finished = cancel(session)
          .then(() => Promise.all(taken))
          .then(() => session.telling.waitForConfirms())
          // The session may end meanwhile; then the broker has everything back.
          .catch(() => {})
          .finally(() => ended.abort());
        await Promise.race([finished, pause(clock, STOP_WITHIN_MS, ended.signal)]);
      }
      await link.close();
    },
  };
}

async function cancel({ taking, consumerTag }: Session): Promise<void> {
  await taking.cancel(consumerTag);
}

/** Doubles, with jitter. */
function waitMs(tries: number, random: Random): number {
  return Math.min(RETRY.firstMs * 2 ** Math.min(tries, 20), RETRY.longestMs) * (0.75 + 0.5 * random());
}
