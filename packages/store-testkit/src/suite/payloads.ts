// Payloads: opaque, kept to the byte, whatever their size and script.
import { jsonPayload, jsonTextPayload, type Payload } from "@meanwhile/core";
import { describe, expect, it } from "vitest";
import type { Given } from "../describe-store.js";
import { claimOne, getJob, NOW, settle, submit } from "./moves.js";

const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const MIB = 1024 * 1024;

export function describePayloads(given: Given): void {
  /** Sends one payload through every place that keeps one. */
  const roundTrip = async (payload: Payload): Promise<readonly Payload[]> => {
    await submit(given.store, { parameters: payload });
    const running = await claimOne(given.store);
    const leaseToken = running.lease.token;
    await settle(given.store, running, { kind: "report", leaseToken, outputs: [payload] });
    const done = await settle(given.store, running, { kind: "complete", leaseToken, result: payload });
    const [output] = await given.store.events.read(running.id, { after: 2, limit: 1 });
    return [running.parameters, done.parameters, done.result!, output!.data!].map(withPlainBytes);
  };

  describe("payloads", () => {
    const cases: readonly { name: string; payload: Payload }[] = [
      { name: "null", payload: jsonPayload(null) },
      { name: "text whose spelling matters", payload: jsonTextPayload('{ "b":1.0, "a" : 1e3,"a":2 }') },
      {
        name: "every script",
        payload: jsonPayload("ASCII Ünï ελ עברית العربية हिन्दी 日本語 🦀👩‍👩‍👧‍👦 e\u0301 \u200b \ufeff"),
      },
      {
        name: "characters that SQL and JSON care about",
        payload: jsonPayload("' \" \\ ; -- % _ \n \r \t \u2028 $1 :a ? #{x}"),
      },
      {
        name: "names that objects care about",
        payload: jsonTextPayload('{"__proto__":1,"constructor":{},"toString":null}'),
      },
      { name: "big numbers", payload: jsonTextPayload("[9007199254740993,1e400,-0,0.1]") },
      { name: "sealed bytes", payload: { encoding: "aes-256-gcm", keyId: "key-2026", body: EVERY_BYTE } },
      { name: "compressed bytes", payload: { encoding: "gzip", keyId: null, body: EVERY_BYTE } },
      { name: "no bytes at all", payload: { encoding: "gzip", keyId: null, body: new Uint8Array() } },
    ];

    it.each(cases)("keeps $name", async ({ payload }) => {
      expect(await roundTrip(payload)).toEqual([payload, payload, payload, payload]);
    });

    it("keeps a mebibyte of text and of bytes", async () => {
      const text = jsonPayload("é🦀".repeat(MIB / 6));
      const bytes: Payload = {
        encoding: "sealed",
        keyId: "k",
        body: new Uint8Array(MIB).map((_, index) => index % 251),
      };

      for (const payload of [text, bytes]) {
        for (const back of await roundTrip(payload)) {
          expect(back.encoding).toBe(payload.encoding);
          // Compared as a whole: a difference in a mebibyte is better counted than printed.
          expect(isSameBody(back.body, payload.body)).toBe(true);
        }
      }
    });

    it("keeps text of every script in all the other members", async () => {
      const odd = "ü 日本 🦀 '\"\\%_";
      const member = {
        owner: odd,
        type: odd,
        callbackId: odd,
        tags: [odd, "", `${odd},${odd}`],
        concurrencyKey: odd,
        requestId: odd,
        tracestate: odd,
      };

      const job = await submit(given.store, member, { idempotencyKey: odd });
      const running = await claimOne(given.store, { types: [odd], workerId: odd });
      const error = { code: "handler_error", message: odd, details: { [odd]: odd } };
      const failed = await settle(given.store, running, {
        kind: "fail",
        leaseToken: running.lease.token,
        error,
        retry: "never",
        progress: { fraction: 0.1, message: odd, currentStep: null, totalSteps: null },
      });

      expect(job).toMatchObject(member);
      expect(running.lease.workerId).toBe(odd);
      expect(failed).toMatchObject({ error, progress: { message: odd } });
    });

    it("keeps instants to the millisecond and fractions to the bit", async () => {
      const farAway = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
      await submit(given.store, { completeBy: farAway, retentionMs: 10 * 365 * 86_400_000 });
      const running = await claimOne(given.store, { now: NOW + 1 });
      const progress = { fraction: 0.1 + 0.2, message: "", currentStep: 0, totalSteps: 2 ** 31 };

      await settle(given.store, running, { kind: "report", leaseToken: running.lease.token, progress });

      const job = await getJob(given.store, running.id);
      expect(job).toMatchObject({ completeBy: farAway, startedAt: NOW + 1, progress });
    });
  });
}

/** Drivers give bytes as a subclass; what counts are the bytes. */
function withPlainBytes(payload: Payload): Payload {
  return typeof payload.body === "string" ? payload : { ...payload, body: new Uint8Array(payload.body) };
}

function isSameBody(a: string | Uint8Array, b: string | Uint8Array): boolean {
  if (typeof a === "string" || typeof b === "string") return a === b;
  return Buffer.compare(a, b) === 0;
}
