// For tests: waits for a fact, with a limit, and names what it waited for.
import { setTimeout as pause } from "node:timers/promises";

const LIMIT_MS = 10_000;

export async function waitUntil(what: string, isTrue: () => Promise<boolean> | boolean): Promise<void> {
  const giveUpAt = performance.now() + LIMIT_MS;
  while (!(await isTrue())) {
    if (performance.now() > giveUpAt) throw new Error(`Waited ${LIMIT_MS} ms in vain until ${what}.`);
    await pause(20);
  }
}
