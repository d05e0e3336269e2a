// What a test run comes to: the skipped tests by name, the counts, and whether it may be called good.

/** Tests that a suite leaves out wherever it runs, because they mean nothing for its subject. No missing tool is behind these. */
const MEANINGLESS = [
  / > store .* > secondConnection: no other (connection|process) can see this memory$/,
  / > store .* > userStatements: there is no SQL in a map$/,
  / > push channel amqp > a target that (wants nothing any more is gone|may not be used is refused, .*)$/,
];

/**
 * @param {readonly {name: string, state: "passed" | "failed" | "skipped" | "pending", reason?: string}[]} cases
 * @param {object} options
 * @param {readonly string[]} options.brokenFiles Files that failed outside of any test; each counts as one failure.
 * @param {number} options.unhandled Errors that no test was waiting for; each counts as one failure.
 * @param {boolean} options.skippingAllowed Where it is not (CI), a skipped test is a failure: a check that did not run proves nothing.
 * @returns {{ok: boolean, lines: string[]}} The last line is `N passed, N failed, N skipped`.
 */
export function describeRun(cases, { brokenFiles, unhandled, skippingAllowed }) {
  const passed = cases.filter(({ state }) => state === "passed");
  const skipped = cases.filter(({ state }) => state === "skipped");
  // A test that never came to an end is a failure, too.
  const failed = cases.filter(({ state }) => state !== "passed" && state !== "skipped");
  const lines = skipped.map(({ name, reason }) => `skipped: ${name} (${reason ?? "no reason given"})`);
  const unproven = skippingAllowed ? [] : skipped.filter(({ name }) => !MEANINGLESS.some((each) => each.test(name)));
  if (unproven.length > 0) {
    lines.push(`CI=true: nothing may be skipped, so ${unproven.length} of the above count as failed:`);
    lines.push(...unproven.map(({ name }) => `  ${name}`));
  }
  let failures = failed.length + brokenFiles.length + unhandled + unproven.length;
  if (cases.length === 0 && failures === 0) {
    lines.push("No test ran.");
    failures = 1;
  }
  lines.push(`${passed.length} passed, ${failures} failed, ${skipped.length - unproven.length} skipped`);
  return { ok: failures === 0, lines };
}
