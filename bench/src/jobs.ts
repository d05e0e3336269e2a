// The job that every contender stores and runs: about 100 bytes of JSON in, a tiny answer out.
import type { EchoParameters } from "./contender.js";

export function echoParameters(page: number): EchoParameters {
  return { customer: "0199c0de-7a10-7c3e", document: "quarterly-report.docx", note: "second copy", page };
}

export function echoJobs(count: number): EchoParameters[] {
  return Array.from({ length: count }, (_, index) => echoParameters(index));
}

/** The handler of every contender: no work, so that only the library is measured. */
export function echoResult(): { ok: true; at: number } {
  return { ok: true, at: Date.now() };
}

/** The request body of every submit over HTTP. */
export const SUBMIT_BODY = JSON.stringify({ type: "demo.echo", parameters: echoParameters(1) });

export function* chunks<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

/** A contender was given a store of another kind: a mistake in the table of entrants. */
export function wrongStore(library: string, wanted: string, came: string): Error {
  return new Error(`${library} needs a store of kind "${wanted}", got "${came}". Correct its row in entrants.ts.`);
}
