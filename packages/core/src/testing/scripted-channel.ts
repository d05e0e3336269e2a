// A push channel whose receivers answer as the test says. It lies about the network: nothing is ever signed or sent.
import type { PushChannel, Sending, Sent } from "../delivery/channel.js";
import { WEBHOOK_CHANNEL } from "../delivery/subscription.js";

export interface ScriptedChannel extends PushChannel {
  /** Every sending so far, in the order of their beginnings. */
  readonly sendings: readonly Sending[];
  /** Sendings under way now. */
  readonly underWay: number;
  readonly closed: boolean;
}

/** What a receiver does with a sending; a promise is a slow one. */
export type Answer = (sending: Sending, signal: AbortSignal) => Sent | Promise<Sent>;

export interface ScriptedChannelOptions {
  /** Default: everything is accepted. */
  answer?: Answer;
  /** What is wrong with a target. Default: nothing. */
  refuse?: (target: string) => string | undefined;
}

export function createScriptedChannel(options: ScriptedChannelOptions = {}): ScriptedChannel {
  const { answer = () => sent("accepted"), refuse = () => undefined } = options;
  const sendings: Sending[] = [];
  let underWay = 0;
  let closed = false;
  return {
    name: WEBHOOK_CHANNEL,
    sendings,
    get underWay() {
      return underWay;
    },
    get closed() {
      return closed;
    },
    checkTarget: async (target) => refuse(target),
    async send(sending, signal) {
      sendings.push(sending);
      underWay++;
      try {
        return await answer(sending, signal);
      } finally {
        underWay--;
      }
    },
    close: async () => {
      closed = true;
    },
  };
}

const STATUS: Readonly<Record<Sent["outcome"], number | null>> = {
  accepted: 204,
  failed: 500,
  gone: 410,
  refused: null,
};

export function sent(outcome: Sent["outcome"], given: Partial<Sent> = {}): Sent {
  const error = outcome === "accepted" ? null : `it ${outcome}`;
  return {
    outcome,
    statusCode: STATUS[outcome],
    durationMs: 5,
    error,
    responseHead: null,
    retryAfterMs: null,
    ...given,
  };
}
