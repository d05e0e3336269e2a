// Names of files: what a caller sent becomes a name without a path; a name becomes a Content-Disposition (RFC 6266).

const LONGEST = 255;
const UNNAMED = "file";
// Control characters, and what turns the direction of text: a name must look like what it is.
const UNSHOWN = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

export function fileNameOf(sent: string | undefined): string {
  const base = (sent ?? "").split(/[/\\]/).at(-1) ?? "";
  const name = base.toWellFormed().replaceAll(UNSHOWN, "").trim();
  const short = [...name].slice(0, LONGEST).join("");
  return short === "" || short === "." || short === ".." ? UNNAMED : short;
}

/** `attachment`, first with a plain name for old clients, then with the whole one. */
export function contentDisposition(name: string): string {
  const plain = name.replaceAll(/[^\x20-\x7e]/g, "_").replaceAll(/["\\%]/g, "_");
  const whole = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${whole}`;
}

const EXTENDED_NAME = /;\s*filename\*\s*=\s*utf-8'[^']*'([^\s;]+)/i;
const QUOTED_NAME = /;\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/i;
const BARE_NAME = /;\s*filename\s*=\s*([^\s;"]+)/i;

/** The name in a request's Content-Disposition; `filename*` before `filename`. */
export function nameInDisposition(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const text = `;${header}`;
  const extended = decode(EXTENDED_NAME.exec(text)?.[1]);
  if (extended !== undefined) return extended;
  const quoted = QUOTED_NAME.exec(text)?.[1];
  // Node reads header bytes as Latin-1, and most clients write UTF-8.
  if (quoted !== undefined) return Buffer.from(quoted.replace(/\\(.)/g, "$1"), "latin1").toString("utf8");
  return BARE_NAME.exec(text)?.[1];
}

function decode(escaped: string | undefined): string | undefined {
  try {
    return escaped === undefined ? undefined : decodeURIComponent(escaped);
  } catch {
    // Escapes that are no UTF-8: the plain name has to do.
    return undefined;
  }
}
