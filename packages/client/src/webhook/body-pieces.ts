// The pieces of a body, up to a bound: nothing is known of who sends them before all are there.

export class BodyTooLargeError extends Error {}

/** @throws BodyTooLargeError by `add`. */
export function createPieces(maxBytes: number) {
  const pieces: Uint8Array[] = [];
  let size = 0;
  return {
    add(piece: Uint8Array): void {
      size += piece.length;
      if (size > maxBytes) throw new BodyTooLargeError(`The body has more than ${maxBytes} bytes.`);
      pieces.push(piece);
    },
    joined(): Uint8Array {
      const bytes = new Uint8Array(size);
      let offset = 0;
      for (const piece of pieces) {
        bytes.set(piece, offset);
        offset += piece.length;
      }
      return bytes;
    },
  };
}
