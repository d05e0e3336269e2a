import { randomUUID } from "node:crypto";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { runJob } from "meanwhile/testing";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { convertFile } from "./convert-file.js";
import type { TargetFormat } from "./formats.js";

async function run(source: { name: string; bytes: Uint8Array | string }, targetFormat: TargetFormat) {
  const file = randomUUID();
  const bytes = Buffer.from(source.bytes);
  return runJob(convertFile, {
    parameters: { file, targetFormat },
    files: { [file]: { name: source.name, mediaType: "application/octet-stream", bytes } },
  });
}

/** The work folders of this process that are left. */
async function leftFolders(): Promise<readonly string[]> {
  return (await readdir(tmpdir())).filter(
    (name) => name.startsWith("meanwhile-convert-") && name.includes(`-${process.pid}-`),
  );
}

describe("files.convert", () => {
  it("keeps the converted file and answers with it", async () => {
    const png = await sharp({ create: { width: 4, height: 4, channels: 3, background: "red" } })
      .png()
      .toBuffer();

    const { result, files } = await run({ name: "photo.png", bytes: png }, "webp");

    expect(result).toMatchObject({ name: "photo.webp", mediaType: "image/webp", notes: [] });
    expect(result!.file).toBe(files[0]!.id);
    expect(result!.sizeBytes).toBe(files[0]!.bytes.length);
    expect((await sharp(files[0]!.bytes).metadata()).format).toBe("webp");
  });

  it("says what it does, in steps and rows, never going back", async () => {
    const { progress } = await run({ name: "a.csv", bytes: `a,b\n${"1,2\n".repeat(3_000)}` }, "json");

    const fractions = progress.map(({ fraction }) => fraction);
    expect(progress.map(({ message }) => message)).toEqual([
      "Fetching the file",
      "Looking at the file",
      "Row 1,000",
      "Row 2,000",
      "Row 3,000",
      "Converted 3,001 rows",
      "Saving the file",
    ]);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
  });

  it.each([
    ["an empty file", { name: "a.png", bytes: "" }, "webp", "empty_file"],
    ["a pair that is not offered", { name: "a.csv", bytes: "a,b\n1,2\n" }, "mp3", "unsupported_conversion"],
    ["a damaged file", { name: "a.json", bytes: '[{"a":' }, "csv", "corrupt_file"],
  ] as const)("fails for good with its own code for %s", async (_, source, target, code) => {
    const { status, error, attempts } = await run(source, target);

    expect({ status, code: error?.code, attempts: attempts.length }).toEqual({ status: "FAILED", code, attempts: 1 });
    expect(error!.message).toContain(source.name.startsWith("a.json") ? "element" : source.name);
  });

  it("leaves no temporary file, whatever the outcome", async () => {
    await run({ name: "a.csv", bytes: "a\n1\n" }, "xlsx");
    await run({ name: "a.json", bytes: "[" }, "csv");

    expect(await leftFolders()).toEqual([]);
  });

  it("refuses parameters that are no file id, no known format, or more than that", async () => {
    const file = randomUUID();

    await expect(runJob(convertFile, { parameters: { file: "x", targetFormat: "png" } })).rejects.toMatchObject({
      code: "invalid_parameters",
    });
    await expect(runJob(convertFile, { parameters: { file, targetFormat: "exe" as "png" } })).rejects.toMatchObject({
      code: "invalid_parameters",
    });
  });

  it("fails with file_not_found for a file that the owner does not have", async () => {
    const { error } = await runJob(convertFile, { parameters: { file: randomUUID(), targetFormat: "png" } });

    expect(error).toMatchObject({ code: "file_not_found" });
  });
});
