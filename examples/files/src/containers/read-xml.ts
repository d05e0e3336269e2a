// Reads XML of any length as events, in bounded memory. Entities of its own (a bomb of their own) are an error in saxes: not expanded.
import type { Readable } from "node:stream";
import { TextDecoder } from "node:util";
import { SaxesParser } from "saxes";
import { ConversionError } from "../conversion-error.js";
import { MAX_XML_DEPTH } from "../limits.js";
import { readZip } from "./zip-container.js";

/** Names come without their prefix: producers choose prefixes freely. */
export interface XmlListener {
  open?(name: string, attributes: Readonly<Record<string, string>>): void;
  close?(name: string): void;
  text?(text: string): void;
}

/** No single tag or text of an office file comes near; the parser keeps each in memory until it ends. */
const MAX_PIECE_CHARACTERS = 4 * 1024 * 1024;

/**
 * Yields after each chunk that was parsed, so that the caller can hand on what its listener collected.
 *
 * @throws ConversionError `corrupt_file` where it is no well-formed XML.
 */
export async function* readXml(source: Readable, listener: XmlListener): AsyncGenerator<{ bytesRead: number }> {
  let sinceEvent = 0;
  const parser = makeParser(listener, () => {
    sinceEvent = 0;
  });
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let bytesRead = 0;
  try {
    for (;;) {
      const chunk = await readZip(() => chunks.next());
      if (chunk.done) break;
      bytesRead += chunk.value.length;
      sinceEvent += chunk.value.length;
      parse(() => parser.write(decoder.decode(chunk.value, { stream: true })));
      if (sinceEvent > MAX_PIECE_CHARACTERS)
        throw new ConversionError("zip_bomb", "One text of the file is longer than any document needs.");
      yield { bytesRead };
    }
    parse(() => parser.close());
    yield { bytesRead };
  } finally {
    source.destroy();
  }
}

/** Reads to the end, for listeners that keep what they find. */
export async function readAllXml(source: Readable, listener: XmlListener): Promise<void> {
  for await (const _ of readXml(source, listener));
}

function makeParser(listener: XmlListener, onEvent: () => void): SaxesParser {
  const parser = new SaxesParser({ position: false });
  let depth = 0;
  parser.on("opentag", (tag) => {
    onEvent();
    depth += 1;
    if (depth > MAX_XML_DEPTH)
      throw new ConversionError("corrupt_file", `The file's XML nests deeper than ${MAX_XML_DEPTH} levels.`);
    listener.open?.(withoutPrefix(tag.name), tag.attributes as Record<string, string>);
  });
  parser.on("closetag", (tag) => {
    onEvent();
    depth -= 1;
    listener.close?.(withoutPrefix(tag.name));
  });
  parser.on("text", (text) => {
    onEvent();
    listener.text?.(text);
  });
  return parser;
}

function withoutPrefix(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function parse(step: () => void): void {
  try {
    step();
  } catch (cause) {
    if (cause instanceof ConversionError) throw cause;
    throw new ConversionError("corrupt_file", `The file's XML is damaged: ${(cause as Error).message}`, { cause });
  }
}
