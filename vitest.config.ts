// How the tests run: against the sources of every package, each file in a process of its own.
import { defineConfig } from "vitest/config";

const conditions = ["meanwhile-source", "node", "import", "default"];

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
    ],
    pool: "forks",
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
