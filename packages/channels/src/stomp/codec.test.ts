// The codec by itself: what is written is read again, however it was cut; and what is no frame is told as such.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BODY_BYTES, createDecoder, HEAD_BYTES, HEADER_LINES } from "./decode.js";
import { encodeFrame } from "./encode.js";
import { type Frame, STOMP_VERSIONS, type StompVersion } from "./frame.js";

const read = (chunks: readonly (Buffer | string)[], version: StompVersion = "1.2"): Frame[] => {
  const decoder = createDecoder();
  decoder.version = version;
  return chunks.flatMap((chunk) => [...decoder.push(Buffer.from(chunk as string))]);
};

const one = (text: string | Buffer, version?: StompVersion): Frame => {
  const frames = read([text], version);
  expect(frames).toHaveLength(1);
  return frames[0]!;
};

describe("any frame", () => {
  // Lone surrogates are no text; version 1.1 cannot write a carriage return, version 1.0 no line end at all.
  const text = (version: StompVersion) =>
    fc.string({ unit: "binary" }).map((any) => {
      const storable = any.replaceAll("\0", "");
      if (version === "1.2") return storable;
      return version === "1.1" ? storable.replaceAll("\r", "") : storable.replace(/[\r\n]/g, "");
    });
  const headers = (version: StompVersion) =>
    fc.uniqueArray(
      fc.tuple(
        // In version 1.0 a colon ends the name.
        text(version).filter(
          (name) => name !== "" && name !== "content-length" && !(version === "1.0" && name.includes(":")),
        ),
        text(version),
      ),
      { selector: ([name]) => name, maxLength: 8 },
    );
  const frame = fc.constantFrom(...STOMP_VERSIONS).chain((version) =>
    fc.record({
      version: fc.constant(version),
      headers: headers(version),
      body: fc.string({ unit: "binary", maxLength: 200 }),
    }),
  );

  it("is read as it was written, cut at any places, and in one piece with others", () => {
    fc.assert(
      fc.property(
        fc.array(frame, { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (frames, cuts) => {
          const { version } = frames[0]!;
          const same = frames.filter((each) => each.version === version);
          const bytes = Buffer.from(
            same.map((each) => `${encodeFrame("MESSAGE", each.headers, { version, body: each.body })}\n`).join("\r\n"),
          );

          const found = read(cutAt(bytes, cuts), version);

          expect(found.map(({ command }) => command)).toEqual(same.map(() => "MESSAGE"));
          found.forEach((each, index) => {
            const { headers: sent, body } = same[index]!;
            expect(each.body.toString()).toBe(body);
            expect([...each.headers].filter(([name]) => name !== "content-length")).toEqual(sent);
          });
        },
      ),
      { numRuns: 300 },
    );
  });

  it("or no frame at all, whatever comes: nothing but a refusal is thrown", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.uint8Array(), fc.constantFrom("CONNECT\n", "a:b\n", "\n", "\0", "\\x")), {
          maxLength: 20,
        }),
        (chunks) => {
          try {
            read(chunks.map((chunk) => Buffer.from(chunk as string)));
          } catch (error) {
            expect(error).toMatchObject({ code: expect.stringMatching(/^(invalid_request|payload_too_large)$/) });
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("a frame is read", () => {
  it("with line ends of either kind, and signs of life around it", () => {
    const [frame, ...others] = read(["\n\r\n\nSEND\r\ndestination:/a\r\n\r\nhello\0\r\n\n"]);

    expect(others).toEqual([]);
    expect(frame).toMatchObject({ command: "SEND" });
    expect(frame!.headers).toEqual(new Map([["destination", "/a"]]));
    expect(frame!.body.toString()).toBe("hello");
  });

  it("with NULs in its body, where content-length counts them", () => {
    expect(one("SEND\ncontent-length:5\n\na\0b\0c\0").body.toString()).toBe("a\0b\0c");
  });

  it("with the first of headers that come twice, and no white space trimmed", () => {
    expect(one("SEND\na: 1 \na:2\n\n\0").headers).toEqual(new Map([["a", " 1 "]]));
  });

  it("without unescaping anything in CONNECT, nor in version 1.0", () => {
    expect(one("CONNECT\na:\\c\n\n\0").headers.get("a")).toBe("\\c");
    expect(one("SEND\na:\\c\n\n\0", "1.0").headers.get("a")).toBe("\\c");
  });

  it("in the version that an earlier one of the same bytes settled", () => {
    const decoder = createDecoder();
    const frames = decoder.push(Buffer.from("CONNECT\n\n\0SEND\na:\\n\n\n\0"));
    frames.next();

    decoder.version = "1.2";

    expect((frames.next().value as Frame).headers.get("a")).toBe("\n");
  });
});

describe("no frame is", () => {
  it.each<[string, string | Buffer, StompVersion, RegExp]>([
    ["an unknown escape", "SEND\na:\\t\n\n\0", "1.2", /no escape/],
    ["an escape at the end", "SEND\na:b\\\n\n\0", "1.2", /no escape/],
    ["an escaped carriage return in 1.1", "SEND\na:\\r\n\n\0", "1.1", /1\.1 knows no escape/],
    ["a header without a colon", "SEND\nabc\n\n\0", "1.2", /name:value/],
    ["a header without a name", "SEND\n:abc\n\n\0", "1.2", /name:value/],
    ["a NUL in its head", "SEND\0\n\n\0", "1.2", /NUL/],
    ["a length that is none", "SEND\ncontent-length:-1\n\n\0", "1.2", /content-length/],
    ["a body longer than it says", "SEND\ncontent-length:1\n\nab\0", "1.2", /longer/],
    ["a head that is no text", Buffer.from([0x53, 0xff, 0x0a]), "1.2", /UTF-8/],
  ])("%s", (_what, bytes, version, message) => {
    expect(() => read([bytes], version)).toThrow(message);
  });

  it.each<[string, readonly string[]]>([
    ["a head without end", Array.from({ length: 20 }, () => "x".repeat(1_000))],
    [
      "one header after the other",
      ["SEND\n", ...Array.from({ length: HEADER_LINES + 1 }, (_, index) => `h${index}:v\n`)],
    ],
    ["a line that is longer than a head", [`SEND\na:${"x".repeat(HEAD_BYTES)}\n`]],
    ["a body without end", ["SEND\n\n", ...Array.from({ length: 20 }, () => "x".repeat(BODY_BYTES / 16))]],
    ["a length beyond all bounds", [`SEND\ncontent-length:${BODY_BYTES + 1}\n\n`]],
  ])("more than may be held: %s", (_what, chunks) => {
    expect(() => read(chunks)).toThrow(expect.objectContaining({ code: "payload_too_large" }));
  });
});

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}
