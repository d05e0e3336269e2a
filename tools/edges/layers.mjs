// Who may import whom (ARCHITECTURE.md, section 5), as data. A folder without an entry here is itself a fault.

/**
 * `packages`: the workspace packages that files other than tests may import.
 * `builtins`: the Node modules that they may import, each with its reason; absent where all are allowed.
 */
export const LAYERS = {
  "packages/protocol": {
    packages: [],
    builtins: {},
  },
  "packages/core": {
    packages: ["@meanwhile/protocol"],
    builtins: {
      "node:stream": "types of the byte streams that files are; core reads and writes none itself",
      "node:async_hooks": "carries the running attempt to whoever logs inside it",
      "node:diagnostics_channel": "points where metrics and tests look on",
      "node:crypto": "hashes API keys and fingerprints; no randomness, which is injected (I8)",
    },
  },
  "packages/store-testkit": { packages: ["@meanwhile/protocol", "@meanwhile/core"] },
  "packages/store-sqlite": { packages: ["@meanwhile/protocol", "@meanwhile/core"] },
  "packages/store-postgres": { packages: ["@meanwhile/protocol", "@meanwhile/core"] },
  "packages/files-disk": { packages: ["@meanwhile/protocol", "@meanwhile/core"] },
  "packages/channels": { packages: ["@meanwhile/protocol", "@meanwhile/core"] },
  "packages/channel-amqp": { packages: ["@meanwhile/protocol", "@meanwhile/core"] },
  "packages/channel-grpc": { packages: ["@meanwhile/protocol", "@meanwhile/core"] },
  "packages/client": { packages: ["@meanwhile/protocol"] },
  "packages/react": { packages: ["@meanwhile/protocol", "@meanwhile/client"] },
  "packages/server": { packages: ["@meanwhile/protocol", "@meanwhile/core", "@meanwhile/channels"] },
  "packages/meanwhile": {
    packages: [
      "@meanwhile/protocol",
      "@meanwhile/core",
      "@meanwhile/store-sqlite",
      "@meanwhile/store-postgres",
      "@meanwhile/files-disk",
      "@meanwhile/channels",
      "@meanwhile/channel-amqp",
      "@meanwhile/channel-grpc",
      "@meanwhile/client",
      "@meanwhile/server",
    ],
  },
  "examples/files": { packages: ["meanwhile"] },
  "examples/showcase": { packages: ["meanwhile", "@meanwhile-examples/files"] },
  // Measures parts by themselves, too.
  bench: { packages: ["meanwhile", "@meanwhile/core", "@meanwhile/store-sqlite"] },
  tests: { packages: ["meanwhile", "@meanwhile/protocol"] },
};

/**
 * Test files may look past the layers (a server's test runs on a real store), but never past declarations. So may the
 * folders of what only tests use; check-pack sees to it that they are not published. `meanwhile/testing` is no such
 * folder: it is for users.
 */
export function isTestFile(path) {
  if (path.startsWith("packages/meanwhile/src/testing/")) return path.endsWith(".test.ts");
  return (
    /\.test\.m?ts$/.test(path) ||
    path.startsWith("tests/") ||
    /^[^/]+\/[^/]+\/src\/testing\//.test(path) ||
    path.startsWith("packages/channels/src/testkit/")
  );
}
