// Audio and video with ffmpeg: checked with ffprobe first, the progress read from ffmpeg's own report.
import { stat } from "node:fs/promises";
import type { Outcome, RecognisedRequest } from "../conversion.js";
import { ConversionError } from "../conversion-error.js";
import { formats, type TargetFormat } from "../formats.js";
import { MAX_MEDIA_SECONDS } from "../limits.js";
import { getTool } from "../tools/find-tool.js";
import { runTool, type ToolOutcome } from "../tools/run-tool.js";
import { ProgressReader } from "./ffmpeg-progress.js";
import { type MediaFacts, probeMedia, sourceArguments } from "./probe-media.js";

export async function convertMedia(request: RecognisedRequest): Promise<Outcome> {
  const purpose = `${request.sourceFormat} to ${request.targetFormat}`;
  const program = await getTool("ffmpeg", purpose);
  await request.onProgress(0, "Looking at the recording", { currentStep: 1, totalSteps: 2 });
  const facts = await probeMedia(request, purpose);
  requireStreams(facts, request);

  const reader = new ProgressReader(facts.durationSeconds, (fraction, message) =>
    request.onProgress(fraction, message, { currentStep: 2, totalSteps: 2 }),
  );
  const outcome = await runTool({
    program,
    arguments: ffmpegArguments(request),
    workFolder: request.workFolder,
    signal: request.signal,
    // The job's own time limit holds: a long recording may take long.
    timeoutMs: false,
    onLine: (line) => reader.read(line),
  });
  await reader.settled();
  await requireOutput(outcome, request);
  refuseCut(facts.durationSeconds, reader.secondsDone);
  await request.onProgress(1, "Converted", { currentStep: 2, totalSteps: 2 });
  return { notes: [] };
}

/** H.264 and its colour format want even sides. */
const EVEN_SIDES = ["-vf", "scale=trunc(iw/2)*2:trunc(ih/2)*2", "-pix_fmt", "yuv420p"];

/** How each target is encoded: settings that play everywhere, quality before size. */
const ENCODERS: Partial<Record<TargetFormat, readonly string[]>> = {
  mp3: ["-c:a", "libmp3lame", "-q:a", "2"],
  wav: ["-c:a", "pcm_s16le"],
  flac: ["-c:a", "flac"],
  ogg: ["-c:a", "libvorbis", "-q:a", "5"],
  m4a: ["-c:a", "aac", "-b:a", "192k", "-f", "ipod"],
  mp4: [
    "-c:v",
    "libx264",
    "-preset",
    "veryfast",
    "-crf",
    "23",
    ...EVEN_SIDES,
    "-c:a",
    "aac",
    "-b:a",
    "160k",
    "-movflags",
    "+faststart",
  ],
  webm: [
    "-c:v",
    "libvpx-vp9",
    "-crf",
    "33",
    "-b:v",
    "0",
    "-row-mt",
    "1",
    "-cpu-used",
    "5",
    "-deadline",
    "good",
    ...EVEN_SIDES,
    "-c:a",
    "libopus",
  ],
};

/** A worker runs several conversions; one must not take every core. */
const THREADS = "2";

function ffmpegArguments(request: RecognisedRequest): readonly string[] {
  const encoder = ENCODERS[request.targetFormat];
  if (encoder === undefined) throw new TypeError(`No encoder is listed for ${request.targetFormat}.`);
  // The first picture track and the first sound track; `?`: a video may be silent.
  const tracks = isVideo(request.targetFormat) ? ["-map", "0:V:0", "-map", "0:a:0?"] : ["-map", "0:a:0", "-vn"];
  return [
    ...["-hide_banner", "-nostdin", "-v", "error", "-nostats", "-progress", "pipe:1", "-threads", THREADS],
    ...sourceArguments(request),
    ...tracks,
    ...["-sn", "-dn", "-map_chapters", "-1", "-threads", THREADS, "-t", String(MAX_MEDIA_SECONDS)],
    ...encoder,
    ...["-y", `file:${request.outputPath}`],
  ];
}

function requireStreams(facts: MediaFacts, { targetFormat, sourceName }: RecognisedRequest): void {
  if (isVideo(targetFormat) && !facts.hasVideo)
    throw new ConversionError("no_video", `"${sourceName}" holds no pictures; it cannot become ${targetFormat}.`);
  if (!isVideo(targetFormat) && !facts.hasAudio)
    throw new ConversionError("no_audio", `"${sourceName}" holds no sound; it cannot become ${targetFormat}.`);
}

async function requireOutput(outcome: ToolOutcome, { outputPath, targetFormat }: RecognisedRequest): Promise<void> {
  if (outcome.ended === "timed_out") throw new TypeError("ffmpeg was given no time limit.");
  if (outcome.ended === "killed") throw new ConversionError("conversion_failed", `ffmpeg was ended by ${outcome.by}.`);
  if (/Unknown encoder/i.test(outcome.complaints))
    throw new ConversionError(
      "converter_missing",
      `The ffmpeg of this worker was built without the encoder for ${targetFormat}. Install a full build, for instance Debian's.`,
      { cause: outcome.complaints },
    );
  const facts = await stat(outputPath).catch(() => undefined);
  if (outcome.exitCode === 0 && facts !== undefined && facts.size > 0) return;
  throw new ConversionError("corrupt_file", "FFmpeg cannot decode the file: it is damaged.", {
    cause: outcome.complaints,
  });
}

/** The most that headers round up, and that the last frame may miss. */
const TOLERANCE_SECONDS = 2;
const TOLERANCE_FRACTION = 0.05;

/** ffmpeg converts what there is of a file that was cut off, and is content. The sender would not be. */
function refuseCut(announcedSeconds: number | undefined, doneSeconds: number): void {
  if (announcedSeconds === undefined) return;
  const missing = announcedSeconds - doneSeconds;
  if (missing <= TOLERANCE_SECONDS && missing <= announcedSeconds / 2) return;
  if (missing <= announcedSeconds * TOLERANCE_FRACTION) return;
  throw new ConversionError(
    "corrupt_file",
    `The recording announces ${announcedSeconds.toFixed(1)} s but ends, or stops being readable, after ${doneSeconds.toFixed(1)} s.`,
  );
}

function isVideo(target: TargetFormat): boolean {
  return formats[target].family === "video";
}
