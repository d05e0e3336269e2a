// Reads an event stream as the HTML standard says (section 9.2.6), from text that comes in pieces of any size.

export interface SseFrame {
  /** `message` where the stream names none. */
  readonly event: string;
  readonly data: string;
  /** The last id that the stream gave, in this frame or before. */
  readonly id: string;
}

/** Far above any event that a server sends; what is larger is no event stream. */
const MOST_CHARACTERS = 8 * 1024 * 1024;

export class SseParser {
  #rest = "";
  #isFirst = true;
  /** A CR that ended a piece: the LF that may come next belongs to it. */
  #sawCr = false;
  #data: string[] = [];
  #size = 0;
  #event = "";
  #id = "";
  /** Milliseconds that the server asks to wait before reconnecting; `undefined` where it has not said. */
  retryMs: number | undefined;

  /**
   * Takes the next piece and gives the frames that it completes.
   *
   * @throws RangeError for a line or an event beyond 8 Mi characters.
   */
  push(piece: string): SseFrame[] {
    const frames: SseFrame[] = [];
    let text = this.#withoutMark(piece);
    if (text !== "") {
      if (this.#sawCr && text.startsWith("\n")) text = text.slice(1);
      this.#sawCr = false;
    }
    let start = 0;
    for (let index = 0; index < text.length; index++) {
      const character = text.charCodeAt(index);
      if (character !== 10 && character !== 13) continue;
      this.#take(this.#rest + text.slice(start, index), frames);
      this.#rest = "";
      if (character === 13) {
        if (index + 1 === text.length) this.#sawCr = true;
        else if (text.charCodeAt(index + 1) === 10) index++;
      }
      start = index + 1;
    }
    this.#rest += text.slice(start);
    if (this.#rest.length > MOST_CHARACTERS) throw tooLong();
    return frames;
  }

  #withoutMark(piece: string): string {
    if (!this.#isFirst || piece === "") return piece;
    this.#isFirst = false;
    return piece.startsWith("\uFEFF") ? piece.slice(1) : piece;
  }

  #take(line: string, frames: SseFrame[]): void {
    if (line === "") {
      // Without data nothing is dispatched; the id stays nevertheless.
      if (this.#data.length > 0) {
        frames.push({ event: this.#event || "message", data: this.#data.join("\n"), id: this.#id });
      }
      this.#data = [];
      this.#size = 0;
      this.#event = "";
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    this.#set(field, value);
  }

  #set(field: string, value: string): void {
    if (field === "data") {
      // Each line costs something, even an empty one.
      this.#size += value.length + 1;
      if (this.#size > MOST_CHARACTERS) throw tooLong();
      this.#data.push(value);
    } else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "retry" && /^[0-9]+$/.test(value)) this.retryMs = Number(value);
  }
}

function tooLong(): RangeError {
  return new RangeError(
    `An event of more than ${MOST_CHARACTERS} characters: this is no stream of a meanwhile server.`,
  );
}
