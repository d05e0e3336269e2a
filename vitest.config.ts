// How the tests run: against the sources of every package, each file in a process of its own.
import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";

// Without "import": vitest passes these on to Node for everything, and `require` of a package with both forms would get the wrong one.
const conditions = ["meanwhile-source", "node"];

const ON_A_SERVER = "packages/store-postgres/src/**/*.test.ts";

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    pool: "forks",
    testTimeout: 20_000,
    hookTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: "all",
          include: [
            "packages/*/src/**/*.test.ts",
            "examples/*/src/**/*.test.ts",
            "bench/src/**/*.test.ts",
            "tests/**/*.test.ts",
            "tools/**/*.test.mjs",
            // What somebody writes who follows docs/getting-started.md here.
            "jobs/**/*.test.ts",
          ],
          exclude: [...configDefaults.exclude, ON_A_SERVER],
          // They wait for disks and other processes as much as they compute.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "store-postgres",
          include: [ON_A_SERVER],
          // One by one: readers of the whole log wait for every transaction of the server, another test's too.
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
