import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type SseFrame, SseParser } from "./sse-parser.js";

const parse = (...pieces: string[]): SseFrame[] => {
  const parser = new SseParser();
  return pieces.flatMap((piece) => parser.push(piece));
};

describe("the event stream of the HTML standard", () => {
  it.each<[string, string, SseFrame[]]>([
    ["lines of data are joined by LF", "data: a\ndata: b\n\n", [{ event: "message", data: "a\nb", id: "" }]],
    ["one space after the colon is left out", "data:  a\n\n", [{ event: "message", data: " a", id: "" }]],
    ["a field without a colon is empty", "data\n\n", [{ event: "message", data: "", id: "" }]],
    [
      "without data nothing is dispatched, and the id stays",
      "id: 7\n\ndata: a\n\n",
      [{ event: "message", data: "a", id: "7" }],
    ],
    ["an id with NUL is ignored", "id: 1\nid: a\0b\ndata: a\n\n", [{ event: "message", data: "a", id: "1" }]],
    [
      "an empty id takes the last one away",
      "id: 1\ndata: a\n\nid\ndata: b\n\n",
      [
        { event: "message", data: "a", id: "1" },
        { event: "message", data: "b", id: "" },
      ],
    ],
    ["comments say nothing", ": hello\n:\ndata: a\n\n", [{ event: "message", data: "a", id: "" }]],
    ["unknown fields say nothing", "color: red\ndata: a\n\n", [{ event: "message", data: "a", id: "" }]],
    ["an event that is not ended is not dispatched", "data: a\n", []],
    [
      "the type holds for one event",
      "event: x\ndata: a\n\ndata: b\n\n",
      [
        { event: "x", data: "a", id: "" },
        { event: "message", data: "b", id: "" },
      ],
    ],
    ["one byte order mark is left out", "\uFEFFdata: a\n\n", [{ event: "message", data: "a", id: "" }]],
    ["CR alone ends a line", "data: a\rdata: b\r\r", [{ event: "message", data: "a\nb", id: "" }]],
  ])("%s", (_, stream, frames) => {
    expect(parse(stream)).toEqual(frames);
  });

  it("CR LF that is torn apart is one end of a line", () => {
    expect(parse("data: a\r", "\ndata: b\r", "\n\r", "\n")).toEqual([{ event: "message", data: "a\nb", id: "" }]);
  });

  it("an LF of its own behind a torn CR LF is an empty line", () => {
    expect(parse("data: a\r", "\n", "\n")).toEqual([{ event: "message", data: "a", id: "" }]);
  });

  it("keeps the retry time, where it is a number", () => {
    const parser = new SseParser();
    parser.push("retry: 2000\nretry: 1s\n\n");

    expect(parser.retryMs).toBe(2_000);
  });

  it("an event without an end is refused before it fills the memory", () => {
    const parser = new SseParser();
    const piece = "x".repeat(1024 * 1024);
    parser.push("data: ");

    expect(() => {
      for (let count = 0; count < 9; count++) parser.push(piece);
    }).toThrow(RangeError);
  });
});

it("an event of empty lines without end is refused, too", () => {
  const parser = new SseParser();
  const piece = "data\n".repeat(1024 * 1024);

  expect(() => {
    for (let count = 0; count < 9; count++) parser.push(piece);
  }).toThrow(RangeError);
});

describe("however the stream is cut into pieces", () => {
  const line = fc.oneof(
    fc.string({ unit: fc.constantFrom("a", " ", ":", "\0", "ä", "😀"), maxLength: 8 }).map((text) => `data:${text}`),
    fc.constantFrom("", "", ": comment", "event: job.output", "id: 5", "id", "retry: 10", "data", "data: x"),
  );
  const stream = fc
    .array(fc.tuple(line, fc.constantFrom("\n", "\r", "\r\n")), { maxLength: 30 })
    .map((lines) => lines.map(([text, end]) => text + end).join(""));

  it("gives the same frames", () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 20 }), (text, cuts) => {
        const places = [...cuts.map((cut) => cut % (text.length + 1)), 0, text.length].sort((a, b) => a - b);
        const pieces = places.slice(1).map((end, index) => text.slice(places[index], end));

        expect(parse(...pieces)).toEqual(parse(text));
      }),
      { numRuns: 500 },
    );
  });

  it("gives every event that a server writes", () => {
    const data = fc.json().filter((json) => !/[\r\n]/.test(json));
    fc.assert(
      fc.property(fc.array(data, { maxLength: 5 }), fc.integer({ min: 1, max: 7 }), (events, size) => {
        const text = events.map((event, index) => `id: ${index}\nevent: job.output\ndata: ${event}\n\n`).join(": \n\n");
        const pieces = text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];

        expect(parse(...pieces).map((frame) => frame.data)).toEqual(events);
      }),
    );
  });
});
