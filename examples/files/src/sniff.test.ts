import { describe, expect, it } from "vitest";
import { convertBytes, failureOf } from "./testing/conversions.js";
import { makeZip } from "./testing/make-zip.js";

describe("recognising a file", () => {
  it.each([
    ["nothing", "a.png", "", "png", "empty_file"],
    ["text named as a picture", "a.png", "hello", "webp", "unsupported_conversion"],
    ["random bytes", "a.png", Buffer.from("00ff13377331ff00ff01", "hex"), "webp", "unknown_format"],
    ["a pdf, a target only", "a.pdf", "%PDF-1.4\n%%EOF", "png", "unsupported_conversion"],
    ["a playlist named as a film", "a.mp4", "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "mp3", "unknown_format"],
    ["a concat script named as a sound", "a.mp3", "ffconcat version 1.0\nfile /etc/passwd\n", "wav", "unknown_format"],
    ["a table to a picture", "a.csv", "a,b\n1,2\n", "png", "unsupported_conversion"],
    ["a page to a table", "a.json", "<!DOCTYPE html><p>hello</p>", "csv", "unsupported_conversion"],
    ["an office file of the nineties", "a.doc", Buffer.from("d0cf11e0a1b11ae1", "hex"), "pdf", "unknown_format"],
  ] as const)("refuses %s", async (_, name, bytes, target, code) => {
    expect(await failureOf(convertBytes({ name, bytes }, target))).toMatchObject({ code });
  });

  it("recognises an office file with a password", async () => {
    const bytes = Buffer.concat([
      Buffer.from("d0cf11e0a1b11ae1", "hex"),
      Buffer.alloc(500),
      Buffer.from("EncryptedPackage", "utf16le"),
    ]);

    expect(await failureOf(convertBytes({ name: "a.xlsx", bytes }, "csv"))).toMatchObject({ code: "encrypted_file" });
  });

  it("says what a zip archive is not", async () => {
    const bytes = await makeZip({ "readme.txt": "hello" });

    expect(await failureOf(convertBytes({ name: "a.docx", bytes }, "pdf"))).toMatchObject({
      code: "unknown_format",
      message: expect.stringContaining("no docx, xlsx or odt"),
    });
  });

  it("names what the content can become", async () => {
    const { message } = await failureOf(convertBytes({ name: "list.csv", bytes: "a,b\n1,2\n" }, "mp3"));

    expect(message).toBe('"list.csv" is csv, which cannot become mp3. It can become: json, xlsx.');
  });

  it("takes json without its ending for json", async () => {
    const { bytes } = await convertBytes({ name: "upload", bytes: ' [ {"a": 1} ]' }, "csv");

    expect(bytes.toString()).toBe("a\r\n1\r\n");
  });

  it("is not slowed down by a page made of comments", async () => {
    const bytes = `${"<!-->-->".repeat(8_000)}<p>`;

    expect(await failureOf(convertBytes({ name: "x", bytes }, "csv"))).toMatchObject({
      code: "unsupported_conversion",
    });
  }, 2_000);
});
