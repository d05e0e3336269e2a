// What a check of `doctor` says.

export interface Finding {
  readonly name: string;
  /** `warn`: it works, and may not be what was meant. */
  readonly status: "ok" | "warn" | "fail";
  readonly message: string;
  /** What would do; only where something is to be done. */
  readonly advice?: string;
}

export function ok(name: string, message: string): Finding {
  return { name, status: "ok", message };
}

export function warn(name: string, message: string, advice: string): Finding {
  return { name, status: "warn", message, advice };
}

export function fail(name: string, message: string, advice: string): Finding {
  return { name, status: "fail", message, advice };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
