// Can the store be opened, read and written; are its tables there; is its clock right; which credentials does it know.
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { ApiKeyRecord, Store } from "@meanwhile/core";
import type { LoadedSettings } from "../../config/load-settings.js";
import { fileOfStore, openStore } from "../../open-store.js";
import { type Finding, fail, messageOf, ok, warn } from "./check.js";
import { findWritableFault } from "./writable.js";

/** Leases are judged by the store's clock, logs and purges by this machine's; beyond this they visibly disagree. */
const CLOCK_TOLERANCE_MS = 2_000;

export interface StoreFindings {
  readonly findings: readonly Finding[];
  /** Keys in the store, those that ended too; none where it could not be asked. */
  readonly keys: readonly ApiKeyRecord[];
}

/** Never makes a store that is not there. */
export async function checkStore({ settings }: LoadedSettings, cwd: string): Promise<StoreFindings> {
  const address = settings.store;
  try {
    const file = fileOfStore(address);
    if (file !== undefined && !(await exists(resolve(cwd, file))))
      return { findings: [await missing(resolve(cwd, file))], keys: [] };
    const store = await openStore(address);
    try {
      return await examine(store);
    } finally {
      await store.close();
    }
  } catch (error) {
    return {
      findings: [
        fail("store", messageOf(error), "Correct --store or MEANWHILE_STORE, or the rights on what it names."),
      ],
      keys: [],
    };
  }
}

async function examine(store: Store): Promise<StoreFindings> {
  const findings: Finding[] = [];
  let keys: readonly ApiKeyRecord[] = [];
  try {
    keys = await store.apiKeys.list();
    findings.push(ok("tables", "are there"));
  } catch (error) {
    const advice = "Run meanwhile migrate (serve and worker do it by themselves).";
    findings.push(fail("tables", `are missing or not up to date: ${messageOf(error)}`, advice));
  }
  const health = await store.check();
  if (health.ok) {
    const facts = Object.entries(health.facts).map(([name, value]) => `${name} ${value}`);
    findings.unshift(ok("store", `${store.name} can be read and written (${facts.join(", ")})`));
    for (const { name, message, advice } of health.warnings ?? []) findings.push(warn(name, message, advice));
  } else {
    findings.unshift(
      fail("store", `${store.name}: ${health.reason}`, "Free some disk, correct the rights, or run meanwhile migrate."),
    );
  }
  const differenceMs = Math.abs((await store.now()) - Date.now());
  findings.push(
    differenceMs <= CLOCK_TOLERANCE_MS
      ? ok("clock", `agrees with the store's within ${CLOCK_TOLERANCE_MS} ms`)
      : warn(
          "clock",
          `differs from the store's by ${Math.round(differenceMs)} ms`,
          "Synchronise the clocks (NTP) of both machines.",
        ),
  );
  return { findings, keys };
}

async function missing(file: string): Promise<Finding> {
  const fault = await findWritableFault(file);
  return fault === undefined
    ? ok("store", `${file} is not there yet; the first start makes it`)
    : fail(
        "store",
        `${file} is not there and cannot be made: ${fault}`,
        "Give this user the right to write there, or name another with --store.",
      );
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
