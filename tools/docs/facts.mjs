// What the code says about itself, in the form in which reference pages are held against it.
import { SCOPES } from "@meanwhile/core";
import { ERROR_CODES, JOB_ERROR_CODES, JOB_EVENT_TYPES, JOB_STATUSES, LIMITS } from "@meanwhile/protocol";
import { readCommands } from "./read-help.mjs";
import { readInterface } from "./read-interface.mjs";

export function errorFacts() {
  const retry = { no: "no", maybe: "maybe", after: "after Retry-After" };
  return new Map(
    Object.entries(ERROR_CODES).map(([code, facts]) => [
      code,
      { cells: { HTTP: String(facts.httpStatus), gRPC: facts.grpcStatus, "Again?": retry[facts.retry] } },
    ]),
  );
}

export function jobErrorFacts() {
  return new Map(JOB_ERROR_CODES.map((code) => [code, {}]));
}

export function statusFacts() {
  return new Map(JOB_STATUSES.map((status) => [status, {}]));
}

export function scopeFacts() {
  return new Map(SCOPES.map((scope) => [scope, {}]));
}

export function eventFacts(root) {
  const data = new Map(
    readInterface(`${root}/packages/protocol/src/events.ts`, "JobEventData").map(({ name, members }) => [
      name,
      members,
    ]),
  );
  return new Map(JOB_EVENT_TYPES.map((type) => [type, { words: data.get(type) ?? [] }]));
}

export function jobOptionFacts(root) {
  const options = readInterface(`${root}/packages/core/src/definition/define-job.ts`, "JobOptions");
  const retry = readInterface(`${root}/packages/core/src/job/retry.ts`, "RetryOptions");
  return new Map([
    ...options.filter(({ name }) => name !== "retry").map(optionFact("")),
    ...retry.map(optionFact("retry.")),
  ]);
}

export function clientOptionFacts(root) {
  const read = (name) => readInterface(`${root}/packages/client/src/options.ts`, name);
  return new Map([
    ...read("ClientOptions").map(optionFact("")),
    ...read("RetryOptions").map(optionFact("retry.")),
    ...read("FollowTimes").map(optionFact("follow.")),
  ]);
}

export function envelopeFacts(root) {
  return new Map(
    readInterface(`${root}/packages/protocol/src/submit-envelope.ts`, "SubmitEnvelope").map(optionFact("")),
  );
}

export async function settingFacts(root) {
  const { SETTINGS } = await import(`${root}/packages/meanwhile/dist/config/settings.js`);
  return new Map(
    Object.entries(SETTINGS).map(([name, { flag, env, defaultText }]) => [
      name,
      {
        cells: {
          Flag: flag === undefined ? "none" : `--${flag}`,
          Variable: env ?? "none",
          Default: defaultText,
        },
      },
    ]),
  );
}

/** Options that are settings stand on the page of settings. */
export async function commandFacts(root) {
  const { SETTINGS } = await import(`${root}/packages/meanwhile/dist/config/settings.js`);
  const settings = Object.values(SETTINGS).map(({ flag }) => `--${flag}`);
  const elsewhere = new Set(["--help", "--config", ...settings]);
  const commands = readCommands([process.execPath, `${root}/packages/meanwhile/dist/bin.js`]);
  return new Map(
    [...commands].map(([name, options]) => [name, { words: options.filter((option) => !elsewhere.has(option)) }]),
  );
}

export async function exitCodeFacts(root) {
  const { EXIT_CODES } = await import(`${root}/packages/meanwhile/dist/cli/exit-codes.js`);
  return new Map(Object.values(EXIT_CODES).map(({ code, meaning }) => [String(code), { cells: { Meaning: meaning } }]));
}

/** `72 KiB` for sizes, `1 000` for counts: as pages write them. */
export function limitFacts() {
  const simple = Object.entries(LIMITS).filter(([, value]) => typeof value === "number");
  return new Map(simple.map(([name, value]) => [name, { cells: { Value: shownLimit(name, value) } }]));
}

function shownLimit(name, value) {
  const grouped = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, " ");
  if (name.endsWith("Bytes")) {
    const mebibytes = value / 1024 ** 2;
    return Number.isInteger(mebibytes) ? `${grouped(mebibytes)} MiB` : `${grouped(value / 1024)} KiB`;
  }
  return name.endsWith("Ms") ? `${grouped(value)} ms` : grouped(value);
}

function optionFact(prefix) {
  return ({ name, defaultText }) => [
    `${prefix}${name}`,
    { cells: defaultText === undefined ? {} : { Default: defaultText } },
  ];
}
