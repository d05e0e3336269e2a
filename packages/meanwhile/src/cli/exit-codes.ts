// What the exit code of every command means, for scripts; the help text and the README print this table.

export const EXIT_CODES = {
  ok: { code: 0, meaning: "Done; with --wait and watch: the job completed." },
  negative: {
    code: 1,
    meaning: "The answer is no: the job failed or was cancelled, is not there, or the request was refused.",
  },
  usage: { code: 2, meaning: "The command, an option or the configuration is wrong." },
  unreachable: { code: 3, meaning: "The server or the store cannot be reached now." },
  timeout: { code: 4, meaning: "The time given with --timeout-ms is up; the job goes on." },
  credentials: { code: 5, meaning: "The API key is missing, not valid, or does not allow this." },
  internal: { code: 70, meaning: "A fault in meanwhile itself." },
  interrupted: { code: 130, meaning: "Interrupted by Ctrl-C; the job goes on." },
} as const;

export type ExitReason = keyof typeof EXIT_CODES;
