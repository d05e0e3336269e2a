import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { Format, TargetFormat } from "../formats.js";
import { convertBytes, failureOf, namedAs } from "../testing/conversions.js";
import { runningTools } from "../testing/running-tools.js";
import { isToolMissing } from "../testing/tools-installed.js";
import { waitUntil } from "../testing/wait-until.js";
import { getTool } from "../tools/find-tool.js";
import { runTool } from "../tools/run-tool.js";
import { withWorkFolder } from "../work-folder/work-folder.js";

const TONE = ["-f", "lavfi", "-i", "sine=frequency=440:duration=3"];
const PICTURES = ["-f", "lavfi", "-i", "testsrc=size=65x49:rate=10:duration=3"];
const never = new AbortController().signal;

/** Makes a file with ffmpeg from its own test signals. */
async function makeMedia(ending: string, ...ffmpegArguments: readonly string[]): Promise<Buffer> {
  const program = await getTool("ffmpeg", "the test");
  return withWorkFolder(async (workFolder) => {
    const output = path.join(workFolder, `made.${ending}`);
    const run = { program, workFolder, signal: never, timeoutMs: 60_000 };
    const outcome = await runTool({ ...run, arguments: ["-v", "error", ...ffmpegArguments, output] });
    if (outcome.ended !== "exited" || outcome.exitCode !== 0) throw new Error(JSON.stringify(outcome));
    return readFile(output);
  });
}

/** What a player would find: the container, the tracks' codecs, and the duration, all decoded. */
async function describeMedia(bytes: Buffer) {
  const program = await getTool("ffprobe", "the test");
  return withWorkFolder(async (workFolder) => {
    const file = path.join(workFolder, "file");
    await writeFile(file, bytes);
    const outcome = await runTool({
      program,
      arguments: [
        "-v",
        "error",
        "-of",
        "json",
        "-show_entries",
        "format=format_name,duration:stream=codec_name,width,height",
        file,
      ],
      workFolder,
      signal: never,
      timeoutMs: 60_000,
    });
    if (outcome.ended !== "exited") throw new Error(JSON.stringify(outcome));
    const { format, streams } = JSON.parse(outcome.output);
    return {
      container: format.format_name as string,
      seconds: Math.round(Number(format.duration)),
      codecs: (streams as { codec_name: string }[]).map((stream) => stream.codec_name),
      width: streams[0].width as number | undefined,
    };
  });
}

const SOURCES: Partial<Record<Format, readonly string[]>> = {
  mp3: TONE,
  wav: TONE,
  flac: TONE,
  ogg: TONE,
  m4a: TONE,
  mp4: [...PICTURES, ...TONE, "-c:v", "libx264", "-c:a", "aac"],
  mov: [...PICTURES, ...TONE, "-c:v", "mpeg4", "-c:a", "aac"],
  mkv: [...PICTURES, ...TONE, "-c:v", "mpeg4", "-c:a", "libmp3lame"],
  webm: [...PICTURES, ...TONE, "-c:v", "libvpx", "-c:a", "libvorbis"],
  avi: [...PICTURES, ...TONE, "-c:v", "mpeg4", "-c:a", "libmp3lame"],
};

const EXPECTED: Partial<Record<TargetFormat, { container: string; codecs: readonly string[] }>> = {
  mp3: { container: "mp3", codecs: ["mp3"] },
  wav: { container: "wav", codecs: ["pcm_s16le"] },
  flac: { container: "flac", codecs: ["flac"] },
  ogg: { container: "ogg", codecs: ["vorbis"] },
  m4a: { container: "mov,mp4,m4a,3gp,3g2,mj2", codecs: ["aac"] },
  mp4: { container: "mov,mp4,m4a,3gp,3g2,mj2", codecs: ["h264", "aac"] },
  webm: { container: "matroska,webm", codecs: ["vp9", "opus"] },
};

const PAIRS: ReadonlyArray<readonly [Format, TargetFormat]> = [
  ["mp3", "wav"],
  ["wav", "flac"],
  ["flac", "ogg"],
  ["ogg", "m4a"],
  ["m4a", "mp3"],
  ["mp4", "webm"],
  ["mp4", "mp3"],
  ["mov", "mp4"],
  ["mkv", "mp4"],
  ["webm", "mp4"],
  ["avi", "mp4"],
];

describe.skipIf(await isToolMissing("ffmpeg"))("audio and video, with FFmpeg", { timeout: 60_000 }, () => {
  it.each(PAIRS)("%s becomes %s, as long as before", async (source, target) => {
    const bytes = await makeMedia(source, ...SOURCES[source]!);

    const converted = await convertBytes({ name: `holiday.${source}`, bytes }, target);

    expect(converted.name).toBe(`holiday.${target}`);
    expect(await describeMedia(converted.bytes)).toMatchObject({ ...EXPECTED[target], seconds: 3 });
  });

  it("says how far it is, from what ffmpeg says", async () => {
    const bytes = await makeMedia(
      "mp4",
      "-f",
      "lavfi",
      "-i",
      "testsrc=size=640x360:rate=25:duration=12",
      "-c:v",
      "libx264",
      "-preset",
      "ultrafast",
    );

    const { progress } = await convertBytes(namedAs("mp4", bytes), "webm");

    const encoding = progress.filter(({ message }) => message.startsWith("Encoding"));
    const inBetween = encoding.filter(({ fraction }) => fraction > 0 && fraction < 0.99);
    expect(inBetween.length).toBeGreaterThan(0);
    expect(inBetween[0]!.message).toMatch(/^Encoding 0:\d\d of 0:12$/);
    expect(encoding.map(({ fraction }) => fraction)).toEqual(
      encoding.map(({ fraction }) => fraction).sort((a, b) => a - b),
    );
    expect(progress.at(-1)).toMatchObject({ fraction: 1, message: "Converted" });
  }, 60_000);

  it("converts a recording that does not tell how long it is", async () => {
    const bytes = await makeMedia("webm", ...PICTURES, "-c:v", "libvpx", "-live", "1");

    const { bytes: converted } = await convertBytes(namedAs("webm", bytes), "mp4");

    expect(await describeMedia(converted)).toMatchObject({ codecs: ["h264"], seconds: 3, width: 64 });
  });

  it("refuses a film without sound for a sound, and a sound for a film", async () => {
    const silent = await makeMedia("mp4", ...PICTURES);
    const soundInMp4 = await makeMedia("mp4", ...TONE);

    expect(await failureOf(convertBytes(namedAs("mp4", silent), "mp3"))).toMatchObject({ code: "no_audio" });
    expect(await failureOf(convertBytes({ name: "x.mp4", bytes: soundInMp4 }, "webm"))).toMatchObject({
      code: "no_video",
    });
  });

  it("does not take the cover of a song for a film", async () => {
    const cover = ["-f", "lavfi", "-i", "testsrc=size=64x48:rate=1:duration=1"];
    const bytes = await makeMedia(
      "mp3",
      ...TONE,
      ...cover,
      "-map",
      "0",
      "-map",
      "1",
      "-c:v",
      "png",
      "-disposition:v",
      "attached_pic",
    );

    const { bytes: wav } = await convertBytes(namedAs("mp3", bytes), "wav");

    expect(await describeMedia(wav)).toMatchObject({ codecs: ["pcm_s16le"], seconds: 3 });
  });

  it.each([
    ["mp4", "without its end", "webm", async () => cut(await makeMedia("mp4", ...PICTURES), 0.5)],
    [
      "mp4",
      "that ends early",
      "webm",
      async () => cut(await makeMedia("mp4", ...PICTURES, "-movflags", "+faststart"), 0.5),
    ],
    ["flac", "of which only the start is left", "wav", async () => cut(await makeMedia("flac", ...TONE), 0.01)],
  ] as const)("says that %s %s is damaged", async (format, _, target, make) => {
    const bytes = await make();

    expect(await failureOf(convertBytes(namedAs(format, bytes), target))).toMatchObject({ code: "corrupt_file" });
  });

  it("kills ffmpeg when the job is aborted", async () => {
    const bytes = await makeMedia(
      "mp4",
      "-f",
      "lavfi",
      "-i",
      "testsrc=size=640x360:rate=25:duration=60",
      "-c:v",
      "libx264",
      "-preset",
      "ultrafast",
    );
    const abort = new AbortController();

    const conversion = convertBytes(namedAs("mp4", bytes), "webm", {
      signal: abort.signal,
      onProgress: ({ message }) => {
        if (message.startsWith("Encoding")) abort.abort(new Error("cancelled by the test"));
      },
    });

    await expect(conversion).rejects.toThrow("cancelled by the test");
    await waitUntil("no tool of this process runs", async () => (await runningTools()).length === 0);
  }, 60_000);
});

function cut(bytes: Buffer, fraction: number): Buffer {
  return bytes.subarray(0, Math.floor(bytes.length * fraction));
}
