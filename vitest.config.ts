// How the tests run: against the sources of every package, each file in a process of its own.
import { defineConfig } from "vitest/config";

// Without "import": vitest passes these on to Node for everything, and `require` of a package with both forms would get the wrong one.
const conditions = ["meanwhile-source", "node"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      "packages/*/src/**/*.test.ts",
      "examples/*/src/**/*.test.ts",
      "bench/src/**/*.test.ts",
      "tests/**/*.test.ts",
      "tools/**/*.test.mjs",
      // What somebody writes who follows docs/getting-started.md here.
      "jobs/**/*.test.ts",
    ],
    pool: "forks",
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
