// The webhook channel: posts one delivery to one address, signed, guarded and within its time (Standard Webhooks 1.0).
import { setMaxListeners } from "node:events";
import type { PushChannel, Sending, Sent } from "@meanwhile/core";
import { type Connections, createConnections } from "./connections.js";
import { addressesOfThisMachine, createAdviceAddresses } from "./guard/own-addresses.js";
import { createAdviceResolver } from "./guard/resolve.js";
import { createTargetGuard, type TargetGuard } from "./guard/target-guard.js";
import {
  type ResolvedWebhookChannelOptions,
  resolveWebhookChannelOptions,
  type WebhookChannelOptions,
} from "./options.js";
import { CalledOff, outcomeOfError, outcomeOfStatus, SendTimeout } from "./outcome.js";
import { readHead } from "./read-head.js";
import { parseRetryAfter } from "./retry-after.js";
import { signatureHeader } from "./sign.js";

/**
 * @throws ConfigurationError naming the option that is wrong.
 * @example const channel = createWebhookChannel({ allowPrivateTargets: ["localhost"] });
 */
export function createWebhookChannel(options: WebhookChannelOptions = {}): PushChannel {
  const resolved = resolveWebhookChannelOptions(options);
  const { allowPrivateTargets, requireHttpsTargets: requireHttps, resolve, clock, ca } = resolved;
  const rules = { allowPrivateTargets, requireHttps };
  const guard = createTargetGuard({ ...rules, resolve });
  const adviser = createTargetGuard({
    ...rules,
    resolve: createAdviceResolver(resolve, clock),
    ownAddresses: createAdviceAddresses(addressesOfThisMachine, clock),
  });
  const connections = createConnections({
    guard,
    clock,
    ca,
    withinMs: resolved.connectTimeoutMs,
    perReceiver: resolved.connectionsPerReceiver,
  });
  return {
    name: "webhook",
    checkTarget: (target) => adviser.findFault(target),
    send: (sending, signal) => send({ ...resolved, guard, connections }, sending, signal),
    close: () => connections.close(),
  };
}

interface Parts extends ResolvedWebhookChannelOptions {
  readonly guard: TargetGuard;
  readonly connections: Connections;
}

type Answer = Omit<Sent, "durationMs">;

const NO_ANSWER = { statusCode: null, responseHead: null, retryAfterMs: null };

async function send(parts: Parts, sending: Sending, signal: AbortSignal): Promise<Sent> {
  const { clock, guard, timeoutMs } = parts;
  const startedAt = clock.now();
  const finish = (answer: Answer): Sent => ({ ...answer, durationMs: Math.max(0, clock.now() - startedAt) });
  const fault = guard.findUrlFault(sending.target);
  if (fault !== undefined) return finish({ ...NO_ANSWER, outcome: "refused", error: fault });

  const controller = new AbortController();
  const callOff = () => controller.abort(new CalledOff("The sending was called off."));
  const late = () => controller.abort(new SendTimeout(`The answer was not complete within ${timeoutMs} ms.`));
  const disarm = clock.after(timeoutMs, late);
  // One signal may call off everything that is under way; Node would take so many listeners for a leak.
  setMaxListeners(0, signal);
  signal.addEventListener("abort", callOff, { once: true });
  if (signal.aborted) callOff();
  try {
    return finish(await post(parts, sending, controller.signal));
  } finally {
    disarm();
    signal.removeEventListener("abort", callOff);
  }
}

async function post({ connections, clock, userAgent }: Parts, sending: Sending, signal: AbortSignal): Promise<Answer> {
  let statusCode: number | null = null;
  let retryAfterMs: number | null = null;
  const headers = headersOf(sending, { now: clock.now(), userAgent });
  try {
    signal.throwIfAborted();
    const answer = await connections.post(new URL(sending.target), { headers, body: sending.body, signal });
    statusCode = answer.statusCode;
    if (statusCode === 429 || statusCode === 503) {
      retryAfterMs = parseRetryAfter(answer.headers["retry-after"], clock.now());
    }
    const responseHead = await readHead(answer.body);
    return { ...outcomeOfStatus(statusCode), statusCode, responseHead, retryAfterMs };
  } catch (error) {
    // An answer that never ended is none to rely on, whatever its status said: the receiver may have died over it.
    return { ...outcomeOfError(error), statusCode, responseHead: null, retryAfterMs };
  }
}

function headersOf(
  { deliveryId, body, secrets, traceparent }: Sending,
  { now, userAgent }: { now: number; userAgent: string },
): Record<string, string> {
  const timestamp = Math.floor(now / 1_000);
  return {
    "content-type": "application/json",
    "user-agent": userAgent,
    "webhook-id": deliveryId,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": signatureHeader({ id: deliveryId, timestamp, body }, secrets),
    ...(traceparent === null ? {} : { traceparent }),
  };
}
