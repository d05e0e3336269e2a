// `npm test`: runs the tests, names what was skipped and why, and ends with one plain line of counts.
// Arguments are those of vitest: `npm test -- packages/core -t lease`.
import { parseCLI, startVitest } from "vitest/node";
import { describeRun } from "./test-summary.mjs";

const { filter, options } = parseCLI(["vitest", "run", ...process.argv.slice(2)]);
const vitest = await startVitest("test", filter, { ...options, run: true, watch: false });
const cases = vitest.state.getTestModules().flatMap((module) => [...module.children.allTests()].map(toOutcome));
// A file that cannot be loaded, a failing hook and an unhandled error have no test to be counted under.
const brokenFiles = vitest.state
  .getTestModules()
  .flatMap((module) => (module.errors().length > 0 || suitesWithErrors(module) ? [module.moduleId] : []));
const unhandled = vitest.state.getUnhandledErrors().length;
await vitest.close();

const summary = describeRun(cases, { brokenFiles, unhandled, skippingAllowed: process.env.CI !== "true" });
process.stdout.write(`${summary.lines.join("\n")}\n`);
process.exit(summary.ok && !process.exitCode ? 0 : 1);

function toOutcome(testCase) {
  const result = testCase.result();
  return {
    name: `${testCase.module.relativeModuleId} > ${testCase.fullName}`,
    state: result.state,
    reason: result.state === "skipped" ? result.note : undefined,
  };
}

function suitesWithErrors(module) {
  return [...module.children.allSuites()].some((suite) => suite.errors().length > 0);
}
