// The formats and which turns into which: the one table behind the checks, the messages and the README.

export type Family = "image" | "table" | "document" | "audio" | "video";

interface FormatFacts {
  readonly family: Family;
  readonly mediaType: string;
  /** The first is given to converted files. */
  readonly extensions: readonly [string, ...string[]];
}

export const formats = {
  png: { family: "image", mediaType: "image/png", extensions: ["png"] },
  jpeg: { family: "image", mediaType: "image/jpeg", extensions: ["jpg", "jpeg"] },
  webp: { family: "image", mediaType: "image/webp", extensions: ["webp"] },
  avif: { family: "image", mediaType: "image/avif", extensions: ["avif"] },
  gif: { family: "image", mediaType: "image/gif", extensions: ["gif"] },
  tiff: { family: "image", mediaType: "image/tiff", extensions: ["tiff", "tif"] },
  svg: { family: "image", mediaType: "image/svg+xml", extensions: ["svg"] },
  csv: { family: "table", mediaType: "text/csv; charset=utf-8", extensions: ["csv", "tsv"] },
  json: { family: "table", mediaType: "application/json", extensions: ["json"] },
  xlsx: {
    family: "table",
    mediaType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    extensions: ["xlsx"],
  },
  docx: {
    family: "document",
    mediaType: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    extensions: ["docx"],
  },
  odt: { family: "document", mediaType: "application/vnd.oasis.opendocument.text", extensions: ["odt"] },
  html: { family: "document", mediaType: "text/html; charset=utf-8", extensions: ["html", "htm"] },
  md: { family: "document", mediaType: "text/markdown; charset=utf-8", extensions: ["md", "markdown"] },
  txt: { family: "document", mediaType: "text/plain; charset=utf-8", extensions: ["txt"] },
  pdf: { family: "document", mediaType: "application/pdf", extensions: ["pdf"] },
  mp3: { family: "audio", mediaType: "audio/mpeg", extensions: ["mp3"] },
  wav: { family: "audio", mediaType: "audio/wav", extensions: ["wav"] },
  flac: { family: "audio", mediaType: "audio/flac", extensions: ["flac"] },
  ogg: { family: "audio", mediaType: "audio/ogg", extensions: ["ogg", "oga", "opus"] },
  m4a: { family: "audio", mediaType: "audio/mp4", extensions: ["m4a"] },
  mp4: { family: "video", mediaType: "video/mp4", extensions: ["mp4", "m4v"] },
  webm: { family: "video", mediaType: "video/webm", extensions: ["webm"] },
  mov: { family: "video", mediaType: "video/quicktime", extensions: ["mov"] },
  mkv: { family: "video", mediaType: "video/x-matroska", extensions: ["mkv"] },
  avi: { family: "video", mediaType: "video/x-msvideo", extensions: ["avi"] },
} as const satisfies Record<string, FormatFacts>;

export type Format = keyof typeof formats;

const images = ["png", "jpeg", "webp", "avif", "gif", "tiff"] as const;
const tables = ["csv", "json", "xlsx"] as const;
const sounds = ["mp3", "wav", "flac", "ogg", "m4a"] as const;
const videos = ["mp4", "webm"] as const;

/** Everything that some source can be turned into; the values of the job's parameter `targetFormat`. */
export const targetFormats = [...images, ...tables, "pdf", ...sounds, ...videos] as const;

export type TargetFormat = (typeof targetFormats)[number];

/** The targets of each family. A format is never turned into itself: the sender has that file already. */
const targetsOfFamily: Record<Family, readonly TargetFormat[]> = {
  image: [...images, "pdf"],
  table: tables,
  document: ["pdf"],
  audio: sounds,
  video: [...videos, ...sounds],
};

/** The formats that `source` can be turned into; empty for pdf, which is a target only. */
export function targetsOf(source: Format): readonly TargetFormat[] {
  if (source === "pdf") return [];
  return targetsOfFamily[formats[source].family].filter((target) => target !== source);
}

/** The format that a file name claims by its ending, if the table knows the ending. */
export function formatOfName(name: string): Format | undefined {
  const extension = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase();
  if (extension === undefined) return undefined;
  const known = Object.entries(formats).find(([, facts]) =>
    (facts.extensions as readonly string[]).includes(extension),
  );
  return known?.[0] as Format | undefined;
}

/** The name of the converted file: the source's name with the target's ending. */
export function convertedName(sourceName: string, target: TargetFormat): string {
  const base = sourceName.replace(/^.*[\\/]/, "").replace(/\.[a-z0-9]{1,9}$/i, "");
  return `${base === "" ? "converted" : base}.${formats[target].extensions[0]}`;
}
