// Entity tags of jobs and the conditions that callers put on them (RFC 9110, section 13).

/** Weak: the same version of a job may be written in different bytes (the place in the queue is not part of it). */
export function jobEntityTag(lastSeq: number): string {
  return `W/"${lastSeq}"`;
}

const ENTITY_TAG = /^(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")$/;

/** Whether an If-None-Match names this tag: weak comparison, lists and `*` alike. What cannot be read matches nothing. */
export function matchesEntityTag(ifNoneMatch: string, entityTag: string): boolean {
  if (ifNoneMatch.trim() === "*") return true;
  const opaque = entityTag.replace(/^W\//, "");
  return splitTags(ifNoneMatch).some((tag) => ENTITY_TAG.exec(tag)?.[1] === opaque);
}

/** Splits at the commas between tags; a comma inside of quotes belongs to its tag. */
function splitTags(list: string): string[] {
  return list.match(/(?:W\/)?"[^"]*"/g) ?? [];
}
