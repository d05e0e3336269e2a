// The style rules that a machine can check, as data: where each holds, what it forbids, and what to do instead.

/**
 * `uses`: names as they are called or read in code (`console` covers `console.log`; `sleep()` is the call alone), never in
 * comments or texts.
 * `where` and `except` are patterns over the path; each exception carries its reason.
 */
export const USE_RULES = [
  {
    rule: "tests wait for facts",
    where: /\.test\.(ts|mjs)$/,
    uses: ["setTimeout", "setInterval", "sleep()", "delay()"],
    instead: "wait for the fact itself with a named helper that has a limit, or move a manual clock",
    except: {},
  },
  {
    rule: "every test runs",
    where: /\.test\.(ts|mjs)$/,
    uses: [
      ...["it", "test", "describe"].flatMap((name) => [
        `${name}.only`,
        `${name}.skip`,
        `${name}.todo`,
        `${name}.fails`,
      ]),
    ],
    instead: "run it; where a tool may be missing, skip inside the test with a reason: context.skip(reason)",
    except: {},
  },
  {
    rule: "libraries never print and never exit",
    where: /^packages\/[^/]+\/src\//,
    uses: ["console", "process.exit", "process.abort", "process.stdout", "process.stderr"],
    instead: "log through the Logger port, or throw",
    except: {
      "packages/meanwhile/src/cli/": "the command line's work is to print and to exit",
      "packages/meanwhile/src/bin.ts": "the program itself: it gives the exit code to the machine",
    },
  },
  {
    rule: "core injects time, chance and IO (I8)",
    where: /^packages\/(core|protocol)\/src\/(?!testing\/|.*\.test\.ts$)/,
    uses: [
      ...["Date.now", "new Date()", "performance.now", "Math.random", "randomUUID", "crypto.randomUUID"],
      ...["setTimeout", "setInterval", "setImmediate", "queueMicrotask", "process", "fetch"],
    ],
    instead: "take a Clock, an IdSource or a Random",
    except: {
      "packages/core/src/clock.ts": "systemClock is the one place that asks the machine",
      "packages/core/src/service.ts": "the supervisor fills in the machine's chance where no other was given",
    },
  },
];

/** A file is read by somebody who is looking for one thing. */
export const MOST_LINES = 400;

/** Files that may be longer, each with its reason. */
export const LONG_FILES = {};

/**
 * Traces of the machine that something was written on: they mean nothing to anybody else.
 * Written with a class in each, so that this file does not find itself.
 */
export const MACHINE_WORDS = [
  /(?<![\w.~-])\/wor[k]\//,
  /\/(home|User[s])\/[a-z]\w*\//,
  /\/tmp\/bash_job[s]/,
  /\.librar[y]\//,
  /\bfar[m][-_/](studio|bench)?/,
  /DEVELOPER[S]\.md|COMPAS[S]\b/,
  /\/tmp\/brie[f]/,
  /shared\/(desig[n]|referenc[e]|hook[s])\//,
  /"resolved": "(?!https:\/\/registry\.npmjs\.org\/)http[s]?:/,
];
