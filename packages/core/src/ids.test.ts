// Identifiers: valid, sortable, not guessable.
import { randomFillSync } from "node:crypto";
import { BUILT_AT, ManualClock } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import type { Clock } from "./clock.js";
import { createIdSource, isUuid, type RandomBytes } from "./ids.js";

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const filledWith =
  (byte: number): RandomBytes =>
  (bytes) => {
    bytes.fill(byte);
  };
const systemBytes: RandomBytes = (bytes) => {
  randomFillSync(bytes);
};
const timeOf = (uuid: string): number => Number.parseInt(uuid.replaceAll("-", "").slice(0, 12), 16);

describe("uuid", () => {
  it("is a UUIDv7 of the clock's millisecond, whatever the random bytes", () => {
    for (const randomBytes of [filledWith(0x00), filledWith(0xff), systemBytes]) {
      const uuid = createIdSource({ clock: new ManualClock(), randomBytes }).uuid();

      expect(uuid).toMatch(UUID_V7);
      expect(isUuid(uuid)).toBe(true);
      expect(timeOf(uuid)).toBe(BUILT_AT);
    }
  });

  it("sorts after all that its source made before, inside one millisecond and beyond it", () => {
    const clock = new ManualClock();
    const ids = createIdSource({ clock, randomBytes: systemBytes });
    const made: string[] = [];

    for (let round = 0; round < 3; round++) {
      for (let count = 0; count < 10_000; count++) made.push(ids.uuid());
      clock.advance(1);
    }

    expect([...made].sort()).toEqual(made);
    expect(new Set(made).size).toBe(made.length);
    expect(made.every((uuid) => UUID_V7.test(uuid))).toBe(true);
  });

  it("runs ahead of the clock by a few milliseconds at most, even for a great many ids at once", () => {
    const ids = createIdSource({ clock: new ManualClock(), randomBytes: filledWith(0xff) });
    let last = "";

    for (let count = 0; count < 10_000; count++) last = ids.uuid();

    expect(timeOf(last) - BUILT_AT).toBeLessThanOrEqual(3);
  });

  it("still sorts after the clock was set back", () => {
    let now = BUILT_AT;
    const clock: Clock = { now: () => now, after: () => () => {}, nextTurn: () => {} };
    const ids = createIdSource({ clock, randomBytes: systemBytes });

    const before = ids.uuid();
    now -= 60_000;
    const after = ids.uuid();

    expect(after > before).toBe(true);
  });

  it("of two sources with the same clock differ", () => {
    const clock = new ManualClock();
    const one = createIdSource({ clock, randomBytes: systemBytes });
    const two = createIdSource({ clock, randomBytes: systemBytes });

    expect(one.uuid()).not.toBe(two.uuid());
  });
});

describe("token", () => {
  it("is 22 characters that a URL takes as they are", () => {
    const ids = createIdSource({ clock: new ManualClock(), randomBytes: systemBytes });

    for (let count = 0; count < 1_000; count++) expect(ids.token()).toMatch(/^[A-Za-z0-9_-]{22}$/);
  });

  it("is the random bytes in base64url, none of them lost", () => {
    let next = 0;
    const counting: RandomBytes = (bytes) => {
      for (let index = 0; index < bytes.length; index++) bytes[index] = next++ & 0xff;
    };
    const ids = createIdSource({ clock: new ManualClock(), randomBytes: counting });

    const expected = Buffer.from(Array.from({ length: 16 }, (_, index) => index)).toString("base64url");
    expect(ids.token()).toBe(expected);
  });

  it("never comes twice, also across the blocks in which random bytes are drawn", () => {
    let draws = 0;
    const ids = createIdSource({
      clock: new ManualClock(),
      randomBytes: (bytes) => {
        draws++;
        systemBytes(bytes);
      },
    });
    const made = new Set<string>();

    for (let count = 0; count < 10_000; count++) made.add(ids.token());

    expect(made.size).toBe(10_000);
    expect(draws).toBeLessThan(50);
  });
});

describe("isUuid", () => {
  it.each(["", "x", "019BC186-ec32-7000-8000-000000000e32", "019bc186-ec32-7000-8000-000000000e32 "])(
    "does not take %j for one",
    (text) => {
      expect(isUuid(text)).toBe(false);
    },
  );
});
