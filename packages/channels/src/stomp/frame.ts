// A STOMP frame as it is read and written, and the versions that are spoken.

export const STOMP_VERSIONS = ["1.0", "1.1", "1.2"] as const;

export type StompVersion = (typeof STOMP_VERSIONS)[number];

export interface Frame {
  readonly command: string;
  /** Of headers that came more than once, the first. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** Headers in the order in which they are written; without those that have no value. */
export type HeaderList = readonly (readonly [name: string, value: string | undefined])[];
