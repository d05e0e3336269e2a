// The reference store keeps the promises of the port itself.
import { createMemoryStore } from "@meanwhile/core";
import { describeStore } from "./describe-store.js";
import { ManualClock } from "./manual-clock.js";

describeStore(
  "memory",
  {
    open: async () => createMemoryStore({ clock: new ManualClock() }),
    close: (store) => store.close(),
  },
  {
    skip: [
      { capability: "userStatements", reason: "there is no SQL in a map" },
      { capability: "secondConnection", reason: "no other process can see this memory" },
    ],
  },
);
