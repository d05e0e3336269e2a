// Splits the text of a json array into the texts of its elements, as the text arrives. Each element is judged by its parser.
import { ConversionError } from "../conversion-error.js";
import { MAX_JSON_DEPTH, MAX_ROW_CHARACTERS } from "../limits.js";

/**
 * @throws ConversionError `not_tabular` when the text is no array, or nests too deep; `corrupt_file` when it does not end well.
 */
export async function* splitArray(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  const splitter = new ArraySplitter();
  for await (const piece of pieces) yield* splitter.push(piece);
  splitter.end();
}

type Phase = "before" | "inside" | "after";

class ArraySplitter {
  #phase: Phase = "before";
  #depth = 0;
  #inText = false;
  #escaped = false;
  #element = "";
  #elements = 0;
  #afterComma = false;

  *push(piece: string): Generator<string> {
    let from = 0;
    for (let at = 0; at < piece.length; at += 1) {
      const character = piece.charCodeAt(at);
      if (this.#inText) {
        this.#readText(character);
        continue;
      }
      if (this.#phase !== "inside") {
        if (this.#readOutside(character)) from = at + 1;
        continue;
      }
      if (character === QUOTE) this.#inText = true;
      else if (character === OPEN_BRACE || character === OPEN_BRACKET) this.#deeper();
      else if (this.#depth > 0 && (character === CLOSE_BRACE || character === CLOSE_BRACKET)) this.#depth -= 1;
      else if (this.#depth === 0 && (character === COMMA || character === CLOSE_BRACKET)) {
        yield* this.#finishElement(piece.slice(from, at), character === COMMA);
        from = at + 1;
      }
    }
    if (this.#phase === "inside") this.#keep(piece.slice(from));
  }

  end(): void {
    if (this.#phase === "before") throw notAnArray();
    if (this.#phase === "inside") throw damaged(`it ends inside element ${this.#elements + 1}`);
  }

  #readText(character: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (character === BACKSLASH) this.#escaped = true;
    else if (character === QUOTE) this.#inText = false;
  }

  /** @returns whether the array begins here. */
  #readOutside(character: number): boolean {
    if (WHITE_SPACE.has(character)) return false;
    if (this.#phase === "after") throw damaged("something follows the end of the array");
    if (character !== OPEN_BRACKET) throw notAnArray();
    this.#phase = "inside";
    return true;
  }

  #deeper(): void {
    this.#depth += 1;
    if (this.#depth > MAX_JSON_DEPTH)
      throw new ConversionError(
        "not_tabular",
        `Element ${this.#elements + 1} nests deeper than ${MAX_JSON_DEPTH} levels.`,
      );
  }

  *#finishElement(rest: string, byComma: boolean): Generator<string> {
    this.#keep(rest);
    const element = this.#element.trim();
    this.#element = "";
    const endsEmptyArray = element === "" && !byComma && !this.#afterComma;
    if (element === "" && !endsEmptyArray) throw damaged(`element ${this.#elements + 1} is missing`);
    this.#afterComma = byComma;
    if (!byComma) this.#phase = "after";
    if (element === "") return;
    this.#elements += 1;
    yield element;
  }

  #keep(text: string): void {
    this.#element += text;
    if (this.#element.length > MAX_ROW_CHARACTERS)
      throw new ConversionError(
        "not_tabular",
        `Element ${this.#elements + 1} is longer than ${MAX_ROW_CHARACTERS} characters; a row is one flat object.`,
      );
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const WHITE_SPACE = new Set([0x20, 0x09, 0x0a, 0x0d]);

function notAnArray(): ConversionError {
  return new ConversionError(
    "not_tabular",
    'The json is no array. A table is an array of flat objects: [{"name": "Ada"}].',
  );
}

function damaged(reason: string): ConversionError {
  return new ConversionError("corrupt_file", `The json is damaged: ${reason}.`);
}
