// One sending: from a claimed delivery to what it becomes. Never rejects.
import type { Clock, Random } from "../clock.js";
import type { Logger } from "../logger.js";
import type { ClaimedDelivery, DeliverySettlement } from "../store/delivery-store.js";
import type { PushChannel, Sent } from "./channel.js";
import { afterAttempt, isSendable, stopped } from "./delivery.js";
import type { ResolvedDeliveryOptions } from "./options.js";
import { type OwnerSecrets, secretsOf } from "./secrets.js";

export interface SendingDependencies {
  readonly channels: ReadonlyMap<string, PushChannel>;
  readonly owners: OwnerSecrets;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly options: ResolvedDeliveryOptions;
}

export interface SendingOutcome {
  readonly settlement: DeliverySettlement;
  /** `null` where nothing was sent. */
  readonly sent: Sent | null;
}

/** @param signal Fires when the process gives the sending up; what it resolves to then is of no use. */
export async function sendDelivery(
  dependencies: SendingDependencies,
  delivery: ClaimedDelivery,
  signal: AbortSignal,
): Promise<SendingOutcome> {
  const { channels, clock, random, options } = dependencies;
  if (!isSendable(delivery)) return { settlement: stopped(delivery, clock.now()), sent: null };
  const startedAt = clock.now();
  const sent = await trySend(dependencies, delivery, signal);
  const now = clock.now();
  const erasesDelivered = channels.get(delivery.channel)?.isFeed === true;
  const facts = { sent, startedAt, now, scheduleMs: options.scheduleMs, random: random(), erasesDelivered };
  return { settlement: afterAttempt(delivery, facts), sent };
}

async function trySend(
  { channels, owners, clock, logger, options }: SendingDependencies,
  delivery: ClaimedDelivery,
  stopping: AbortSignal,
): Promise<Sent> {
  const { id, channel: name, target, body, attemptCount, traceparent } = delivery;
  const { jobId, seq, eventType: type, createdAt: at } = delivery;
  const channel = channels.get(name)!;
  const startedAt = clock.now();
  const failed = (error: string): Sent => ({ ...NO_ANSWER, durationMs: clock.now() - startedAt, error });
  const { signal, ended, cancel } = timeLimit(clock, options.sendTimeoutMs, stopping);
  try {
    const secrets = channel.isFeed ? [] : await secretsOf(delivery, owners);
    const event = { jobId, seq, type, at };
    const sending = { deliveryId: id, target, event, body, secrets, attempt: attemptCount + 1, traceparent };
    const late = ended.then(() => failed(`No answer within ${options.sendTimeoutMs} ms.`));
    // A channel that does not obey its signal must not keep its slot for ever.
    return await Promise.race([channel.send(sending, signal), late]);
  } catch (error) {
    logger.error(
      { err: error, deliveryId: id, channel: name },
      "a sending failed by a fault of our own; it is tried again",
    );
    return failed("The sending failed on our side.");
  } finally {
    cancel();
  }
}

const NO_ANSWER = { outcome: "failed", statusCode: null, responseHead: null, retryAfterMs: null } as const;

/** Fires when the time is up, or the process gives up. */
function timeLimit(clock: Clock, limitMs: number, stopping: AbortSignal) {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const cancelTimer = clock.after(limitMs, abort);
  stopping.addEventListener("abort", abort, { once: true });
  const ended = new Promise<void>((resolve) => {
    controller.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  return {
    signal: controller.signal,
    ended,
    cancel() {
      cancelTimer();
      stopping.removeEventListener("abort", abort);
    },
  };
}
