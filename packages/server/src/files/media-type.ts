// Media types as callers declare them: kept where they are well-formed, never believed.

export const UNKNOWN_MEDIA_TYPE = "application/octet-stream";

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const MEDIA_TYPE = new RegExp(
  `^${TOKEN}/${TOKEN}(?:\\s*;\\s*${TOKEN}=(?:${TOKEN}|"[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]*"))*$`,
);
const LONGEST = 200;

export function mediaTypeOf(declared: string | undefined): string {
  const text = declared?.trim() ?? "";
  return text.length <= LONGEST && MEDIA_TYPE.test(text) ? text : UNKNOWN_MEDIA_TYPE;
}
