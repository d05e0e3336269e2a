// Text that must be taken whatever it holds: what no store can keep is made visible instead.

/** NUL becomes its picture, a lone surrogate the replacement character. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\u2400");
}

/** The same, and no longer than this: what is beyond it is cut. */
export function shortText(text: string, maxCharacters: number): string {
  return storableText(text.length > maxCharacters ? text.slice(0, maxCharacters) : text);
}
