// How a check tells what it found: one fault per line, a count, and the exit code.

/** @param {string} what The check's subject, for instance `dependency edges`. */
export function reportFaults(what, faults) {
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  process.stdout.write(faults.length === 0 ? `${what}: nothing wrong\n` : `${what}: ${faults.length} wrong\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
