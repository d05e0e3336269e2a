// The sizes that every channel keeps to.

const KIB = 1024;
const MIB = 1024 * KIB;

export const LIMITS = {
  /** A JSON request body. */
  bodyBytes: 2 * MIB,
  /** The body of a batch submit. */
  batchBodyBytes: 32 * MIB,
  /** Jobs in one batch. */
  batchJobs: 1_000,
  /** The JSON text of a job's parameters. */
  parametersBytes: 1 * MIB,
  /** The JSON text of a job's result; what is larger belongs in a file. */
  resultBytes: 1 * MIB,
  /** The JSON text of one output chunk. */
  outputChunkBytes: 64 * KIB,
  /** The JSON text of an error's details. */
  errorDetailsBytes: 64 * KIB,
  /** `output` calls of one job. */
  outputCalls: 10_000,
  /** A result above this is sent on push channels as `null` with `resultUrl`. */
  pushedResultBytes: 256 * KIB,
  /** One line of a job's log, as stored. */
  logLineBytes: 64 * KIB,
  /** Log lines kept per job; then one note says that lines were dropped. */
  logLines: 1_000,
  /** Characters of an idempotency key. */
  idempotencyKeyCharacters: 255,
  /** Characters of an address that events are pushed to. */
  webhookUrlCharacters: 2_048,
  /** Standing endpoints of one owner: all of them are matched where events commit. */
  webhookEndpoints: 100,
  /** Longest wait of one request, in milliseconds. */
  waitMs: 60_000,
  /** Any duration, in milliseconds: ten years, longer than anything that is meant. */
  durationMs: 315_360_000_000,
  /** An uploaded file, unless configured otherwise. */
  fileBytes: 1024 * MIB,
  /** Nesting of a JSON document; deeper ones are refused before anything recurses into them. */
  jsonDepth: 64,
  /** Entries of one page of a list. */
  pageItems: { min: 1, max: 200, default: 50 },
  priority: { min: -100, max: 100 },
} as const;
