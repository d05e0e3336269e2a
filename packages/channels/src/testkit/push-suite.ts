// What every push channel promises, whatever it speaks: a channel calls this suite with a counterpart of its own.
import { getEventListeners } from "node:events";
import type { PushChannel, Sending } from "@meanwhile/core";
import { until } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";

/** A channel, and the places it sends to. Everything that was started ends with the test. */
export interface PushCounterpart {
  readonly channel: PushChannel;
  /** Takes everything. */
  readonly accepting: string;
  /** Answers everything with a failure that may pass. */
  readonly failing: string;
  /** Takes a sending and never answers. */
  readonly silent: string;
  /** Says that it wants nothing any more; `undefined` where the protocol has no word for that. */
  readonly gone: string | undefined;
  /** May not be sent to; `undefined` where every target may. */
  readonly forbidden: string | undefined;
  /** By what a receiver notices a repetition. Default: the delivery's id. */
  idOf?(sending: Sending): string;
  /** What came to this place so far, oldest first. */
  arrivals(target: string): readonly Arrival[];
  /** Sendings that a place has taken and that still hold something: a connection, a channel. */
  underWay(target: string): number;
}

export interface Arrival {
  readonly id: string;
  readonly body: string;
}

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const EVENT_AT = Date.parse("2026-11-22T09:00:00.000Z");
let made = 0;

/** A sending as the dispatcher makes it. */
export function makeSending(target: string, given: Partial<Sending> = {}): Sending {
  const deliveryId = `0199c0de-7a10-7c3e-9b0a-${String(++made).padStart(12, "0")}`;
  return {
    deliveryId,
    target,
    event: {
      jobId: `0199c0de-7a10-7c3e-9b0b-${String(made).padStart(12, "0")}`,
      seq: 3,
      type: "job.completed",
      at: EVENT_AT,
    },
    body: JSON.stringify({
      type: "job.completed",
      timestamp: new Date(EVENT_AT).toISOString(),
      data: { text: "Grüße 🌊" },
    }),
    secrets: [SECRET],
    attempt: 1,
    traceparent: null,
    ...given,
  };
}

const never = new AbortController().signal;
const deliveryId = (sending: Sending): string => sending.deliveryId;

export function describePushChannel(name: string, start: () => Promise<PushCounterpart>): void {
  describe(`push channel ${name}`, () => {
    describeOutcomes(start);
    describeRepeats(start);
    describeEnds(start);
  });
}

function describeOutcomes(start: () => Promise<PushCounterpart>): void {
  it("what is accepted has arrived whole, once, under its id", async () => {
    const { channel, accepting, arrivals, idOf = deliveryId } = await start();
    const sending = makeSending(accepting);

    const sent = await channel.send(sending, never);

    expect(sent).toMatchObject({ outcome: "accepted", error: null, retryAfterMs: null });
    expect(sent.durationMs).toBeGreaterThanOrEqual(0);
    await until(() => arrivals(accepting).length > 0, { what: "the receiver has it" });
    expect(arrivals(accepting)).toEqual([{ id: idOf(sending), body: sending.body }]);
  });

  it("a failure is an outcome with one line that says what was wrong", async () => {
    const { channel, failing } = await start();

    const sent = await channel.send(makeSending(failing), never);

    expect(sent.outcome).toBe("failed");
    expect(sent.error).toMatch(/^\S.+$/);
  });

  it("a target that wants nothing any more is gone", async (context) => {
    const { channel, gone } = await start();
    if (gone === undefined) return context.skip("the protocol has no word for it");

    expect(await channel.send(makeSending(gone), never)).toMatchObject({ outcome: "gone", error: expect.any(String) });
  });

  it("a target that may not be used is refused, when it is checked and when it is sent to, and hears nothing", async (context) => {
    const { channel, forbidden, arrivals } = await start();
    if (forbidden === undefined) return context.skip("every target may be used");

    expect(await channel.checkTarget(forbidden)).toMatch(/\.$/);
    expect(await channel.send(makeSending(forbidden), never)).toMatchObject({ outcome: "refused", statusCode: null });
    expect(arrivals(forbidden)).toEqual([]);
  });

  it("a target that may be used has no fault", async () => {
    const { channel, accepting } = await start();

    expect(await channel.checkTarget(accepting)).toBeUndefined();
  });
}

function describeRepeats(start: () => Promise<PushCounterpart>): void {
  it("a later attempt has the id and the body of the first (I7)", async () => {
    const { channel, accepting, arrivals, idOf = deliveryId } = await start();
    const sending = makeSending(accepting);

    for (const attempt of [1, 2, 3]) await channel.send({ ...sending, attempt }, never);

    await until(() => arrivals(accepting).length >= 3, { what: "the receiver has all three" });
    const arrival = { id: idOf(sending), body: sending.body };
    expect(arrivals(accepting)).toEqual([arrival, arrival, arrival]);
  });

  it("many at once arrive once each", async () => {
    const { channel, accepting, arrivals, idOf = deliveryId } = await start();
    const sendings = Array.from({ length: 50 }, () => makeSending(accepting));

    const sent = await Promise.all(sendings.map((sending) => channel.send(sending, never)));

    expect(sent.map(({ outcome }) => outcome)).toEqual(sendings.map(() => "accepted"));
    await until(() => arrivals(accepting).length >= sendings.length, { what: "the receiver has all of them" });
    expect(new Set(arrivals(accepting).map(({ id }) => id))).toEqual(new Set(sendings.map(idOf)));
    expect(arrivals(accepting)).toHaveLength(sendings.length);
  });

  it("one target that is silent holds up no other", async () => {
    const { channel, accepting, silent, arrivals } = await start();
    const controller = new AbortController();
    const waiting = channel.send(makeSending(silent), controller.signal);
    await until(() => arrivals(silent).length === 1, { what: "the silent target has the sending" });

    expect((await channel.send(makeSending(accepting), never)).outcome).toBe("accepted");

    controller.abort();
    await waiting;
  });
}

function describeEnds(start: () => Promise<PushCounterpart>): void {
  it("an abort ends the sending at once, as a failure, and frees all it held", async () => {
    const { channel, silent, arrivals, underWay } = await start();
    const controller = new AbortController();
    const sending = channel.send(makeSending(silent), controller.signal);
    await until(() => arrivals(silent).length === 1, { what: "the target has the sending" });

    controller.abort();

    expect(await sending).toMatchObject({ outcome: "failed", statusCode: null });
    await until(() => underWay(silent) === 0, { what: "nothing is held any more" });
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  it("what was called off before it began is never sent", async () => {
    const { channel, accepting, arrivals } = await start();

    const sent = await channel.send(makeSending(accepting), AbortSignal.abort());

    expect(sent.outcome).toBe("failed");
    expect(arrivals(accepting)).toEqual([]);
  });

  it("a sending that is over leaves no listener on its signal", async () => {
    const { channel, accepting, failing } = await start();
    const { signal } = new AbortController();

    for (const target of [accepting, failing]) await channel.send(makeSending(target), signal);

    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("closing ends what is under way, and may be done twice", async () => {
    const { channel, silent, arrivals, underWay } = await start();
    const sending = channel.send(makeSending(silent), never);
    await until(() => arrivals(silent).length === 1, { what: "the target has the sending" });

    await Promise.all([channel.close(), channel.close()]);
    await channel.close();

    expect((await sending).outcome).toBe("failed");
    await until(() => underWay(silent) === 0, { what: "nothing is held any more" });
  });
}
