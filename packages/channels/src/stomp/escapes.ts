// Header names and values with line ends, colons and backslashes: escaped differently in each version of STOMP.
import { AppError } from "@meanwhile/core";
import type { StompVersion } from "./frame.js";

/** CONNECT and CONNECTED never escape: the version is not agreed on yet, and 1.0 has none. */
export function escapesIn(command: string, version: StompVersion): StompVersion {
  return command === "CONNECT" || command === "STOMP" || command === "CONNECTED" ? "1.0" : version;
}

export function escapeHeader(text: string, version: StompVersion): string {
  // Version 1.0 cannot write a line end at all; better another word than another header.
  if (version === "1.0") return text.replace(/[\r\n\0]/g, " ");
  return text.replace(/[\\\r\n:]/g, (character) =>
    character === "\r" && version === "1.1" ? " " : ESCAPES[character as keyof typeof ESCAPES],
  );
}

/** @throws AppError `invalid_request` for an escape that the version does not know, which is fatal by the standard. */
export function unescapeHeader(text: string, version: StompVersion): string {
  if (version === "1.0" || !text.includes("\\")) return text;
  return text.replace(/\\([\s\S]?)/g, (whole, letter: string) => {
    const character = UNESCAPES.get(letter);
    if (character === undefined || (letter === "r" && version === "1.1")) {
      throw new AppError("invalid_request", {
        message: `STOMP ${version} knows no escape ${JSON.stringify(whole)} in a header.`,
      });
    }
    return character;
  });
}

const ESCAPES = { "\\": "\\\\", "\r": "\\r", "\n": "\\n", ":": "\\c" } as const;

const UNESCAPES: ReadonlyMap<string, string> = new Map([
  ["\\", "\\"],
  ["r", "\r"],
  ["n", "\n"],
  ["c", ":"],
]);
