// An ending of a command that its user should read: one sentence, and the exit code.
import { EXIT_CODES, type ExitReason } from "./exit-codes.js";

export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: number;

  constructor(reason: ExitReason, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.exitCode = EXIT_CODES[reason].code;
  }
}
