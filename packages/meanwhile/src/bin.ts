#!/usr/bin/env node
// The program `meanwhile`.
import { processIo } from "./cli/process-io.js";
import { runCli } from "./cli/program.js";

const exitCode = await runCli(process.argv.slice(2), processIo());
// Not merely an exit code: a handler that ignored its signal may still hold timers, and must not hold the process.
process.stdout.write("", () => process.exit(exitCode));
