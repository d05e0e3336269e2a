// How long what is left of a job stays.

/** A tombstone is kept for the job's retention again, and at least this long. */
export const MIN_TOMBSTONE_MS = 86_400_000;
