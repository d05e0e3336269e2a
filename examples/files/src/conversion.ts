// The shapes that every converter shares: what it is given, what it tells on the way, what it returns.
import type { Format, TargetFormat } from "./formats.js";

/**
 * Tells how far a conversion is: a fraction from 0 to 1, what happens now, and which of how many steps when they can be counted.
 * The converter waits for the answer, so a slow listener slows it down rather than piling up.
 */
export type ReportProgress = (
  fraction: number,
  message: string,
  steps?: { currentStep: number; totalSteps: number },
) => Promise<void>;

export interface ConversionRequest {
  readonly sourcePath: string;
  /** The name the sender gave. Shown in messages; decides only among kinds of plain text, which have no signature. */
  readonly sourceName: string;
  readonly targetFormat: TargetFormat;
  /** A folder of this conversion alone: everything is written there, and the caller removes it. */
  readonly workFolder: string;
  /** Aborting stops the work and kills the tools it started. */
  readonly signal: AbortSignal;
  readonly onProgress: ReportProgress;
}

/** A request whose source has been recognised and whose pair is in the table. */
export interface RecognisedRequest extends ConversionRequest {
  readonly sourceFormat: Format;
  readonly sizeBytes: number;
  /** Where the converted file must be written. */
  readonly outputPath: string;
}

export interface Conversion {
  readonly path: string;
  readonly name: string;
  readonly mediaType: string;
  /** What the target could not hold, in sentences: further sheets, further frames, content that was not fetched. */
  readonly notes: readonly string[];
}

/** What a converter of one family returns: the file is at `outputPath`. */
export interface Outcome {
  readonly notes: readonly string[];
}
