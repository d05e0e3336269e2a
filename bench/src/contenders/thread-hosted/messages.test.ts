// What travels between the threads arrives as it was sent.
import { AppError } from "@meanwhile/core";
import { describe, expect, it } from "vitest";
import { fromErrorRecord, pack, toErrorRecord, unpack } from "./messages.js";

describe("a batch", () => {
  it("travels as text where JSON can carry all of it", () => {
    const calls = [{ id: 1, values: ["a", 2, null, true, { tags: [] }] }];

    const packed = pack(calls);

    expect(typeof packed).toBe("string");
    expect(unpack(packed)).toEqual(calls);
  });

  it.each([
    ["bytes", new Uint8Array([1, 2])],
    ["a map", new Map([["a", 1]])],
    ["a big integer", 1n],
  ])("travels as records where it holds %s", (_, value) => {
    const answers = [{ id: 1, result: { deep: [value] } }];

    expect(pack(answers)).toBe(answers);
  });

  it("keeps an absent result absent", () => {
    expect(unpack(pack([{ id: 1, result: undefined }]))).toEqual([{ id: 1 }]);
  });
});

describe("an error", () => {
  it("keeps its code, its facts and its class", () => {
    const error = new AppError("conflict", { message: "There is one.", details: { name: "a" }, retryAfterMs: 5 });

    const arrived = fromErrorRecord(structuredClone(toErrorRecord(error)));

    expect(arrived).toBeInstanceOf(AppError);
    expect(arrived).toMatchObject({ code: "conflict", details: { name: "a" }, retryAfterMs: 5 });
    expect(arrived.message).toBe("There is one.");
  });

  it("of another kind keeps its message and stack", () => {
    const error = new TypeError("wrong");

    expect(fromErrorRecord(toErrorRecord(error))).toMatchObject({ message: "wrong", stack: error.stack });
  });
});
