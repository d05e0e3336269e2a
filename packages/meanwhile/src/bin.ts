#!/usr/bin/env node
// The program `meanwhile`.
import { processIo } from "./cli/process-io.js";
import { runCli } from "./cli/program.js";

// Whatever a command waits for, the process waits with it: without this Node would end in silence (exit code 13).
const alive = setInterval(() => {}, 2 ** 30);
const exitCode = await runCli(process.argv.slice(2), processIo());
clearInterval(alive);
// Not merely an exit code: a handler that ignored its signal may still hold timers, and must not hold the process.
process.stdout.write("", () => process.exit(exitCode));
