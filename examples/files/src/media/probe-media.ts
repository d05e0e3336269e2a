// Asks ffprobe what a media file holds, with the reader of the sniffed format: never one that the content could choose.

import { ConversionError } from "../conversion-error.js";
import type { Format } from "../formats.js";
import { MAX_MEDIA_SECONDS, MAX_VIDEO_PIXELS, PROBE_TIMEOUT_MS } from "../limits.js";
import { getTool } from "../tools/find-tool.js";
import { runTool } from "../tools/run-tool.js";

export interface MediaFacts {
  /** `undefined` where the file does not tell (recordings of browsers, streams). */
  readonly durationSeconds: number | undefined;
  readonly hasAudio: boolean;
  /** Moving pictures; the cover of a song is not counted. */
  readonly hasVideo: boolean;
}

/** FFmpeg's reader per format. None of them opens other files; those that do (hls, concat, dash, image2) are not in the list. */
const READERS: Partial<Record<Format, string>> = {
  mp3: "mp3",
  wav: "wav",
  flac: "flac",
  ogg: "ogg",
  m4a: "mov",
  mp4: "mov",
  mov: "mov",
  webm: "matroska",
  mkv: "matroska",
  avi: "avi",
};

export interface MediaSource {
  readonly sourcePath: string;
  readonly sourceFormat: Format;
  readonly workFolder: string;
  readonly signal: AbortSignal;
}

/** What both programs are told about the source: one file of this disk, read in one way, frames of a bounded size. */
export function sourceArguments(source: MediaSource): readonly string[] {
  const reader = READERS[source.sourceFormat];
  if (reader === undefined) throw new TypeError(`No reader of FFmpeg is listed for ${source.sourceFormat}.`);
  return [
    "-protocol_whitelist",
    "file,pipe",
    "-max_pixels",
    String(MAX_VIDEO_PIXELS),
    "-f",
    reader,
    "-i",
    `file:${source.sourcePath}`,
  ];
}

/** @throws ConversionError `corrupt_file`, `too_long`. */
export async function probeMedia(source: MediaSource, purpose: string): Promise<MediaFacts> {
  const program = await getTool("ffprobe", purpose);
  const outcome = await runTool({
    program,
    arguments: [
      "-hide_banner",
      ...["-v", "error", "-of", "json"],
      ...["-show_entries", "format=duration:stream=codec_type,width,height:stream_disposition=attached_pic"],
      ...sourceArguments(source),
    ],
    workFolder: source.workFolder,
    signal: source.signal,
    timeoutMs: PROBE_TIMEOUT_MS,
  });
  if (outcome.ended !== "exited" || outcome.exitCode !== 0)
    throw new ConversionError("corrupt_file", "FFmpeg cannot read the file: it is damaged.", { cause: outcome });
  const facts = describe(JSON.parse(outcome.output) as ProbeAnswer);
  if (facts.durationSeconds !== undefined && facts.durationSeconds > MAX_MEDIA_SECONDS)
    throw new ConversionError(
      "too_long",
      `The recording takes ${Math.round(facts.durationSeconds)} s; at most ${MAX_MEDIA_SECONDS} s.`,
    );
  return facts;
}

interface ProbeAnswer {
  readonly format?: { readonly duration?: string };
  readonly streams?: ReadonlyArray<{
    readonly codec_type?: string;
    readonly width?: number;
    readonly height?: number;
    readonly disposition?: { readonly attached_pic?: number };
  }>;
}

function describe({ format, streams = [] }: ProbeAnswer): MediaFacts {
  const duration = Number(format?.duration);
  const videos = streams.filter((stream) => stream.codec_type === "video" && stream.disposition?.attached_pic !== 1);
  for (const { width = 0, height = 0 } of videos) {
    if (width * height > MAX_VIDEO_PIXELS)
      throw new ConversionError(
        "too_many_pixels",
        `The video has ${width} x ${height} pixels; at most ${MAX_VIDEO_PIXELS}.`,
      );
  }
  return {
    durationSeconds: Number.isFinite(duration) && duration > 0 ? duration : undefined,
    hasAudio: streams.some((stream) => stream.codec_type === "audio"),
    hasVideo: videos.length > 0,
  };
}
