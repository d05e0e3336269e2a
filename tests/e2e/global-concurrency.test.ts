// A type that only so many may run at once, over all processes: two of them on each store, with no poll to help.
import { until } from "@meanwhile/store-testkit";
import { createMeanwhile, defineJob } from "meanwhile";
import { expect, it, onTestFinished } from "vitest";
import { describeOnEveryStore, testHome } from "../harness/stores.js";

const JOBS = 12;
const AT_ONCE = 3;
/** Too few for one of them to fill the limit alone. */
const EACH = 2;

describeOnEveryStore((kind) => {
  it("two processes together run no more than the limit, and the next starts as soon as one has ended", {
    timeout: 60_000,
  }, async () => {
    const { folder, store } = testHome(kind);
    const running: { name: string; end: () => void }[] = [];
    let ended = 0;
    const start = async (name: string) => {
      const limited = defineJob({
        type: "limited",
        concurrency: EACH,
        globalConcurrency: AT_ONCE,
        run: () => new Promise<null>((resolve) => running.push({ name, end: () => resolve(null) })),
      });
      const meanwhile = await createMeanwhile({
        jobs: [limited],
        store: store.url,
        files: `${folder}/files-${name}`,
        worker: { pollEveryMs: 600_000 },
      });
      onTestFinished(() => meanwhile.stop({ graceMs: 0, drainDelayMs: 0 }));
      await meanwhile.start();
      return meanwhile;
    };
    const one = await start("one");
    await start("other");
    for (let n = 0; n < JOBS; n++) await one.submit("limited", {});

    while (ended < JOBS) {
      const expected = Math.min(AT_ONCE, JOBS - ended);
      await until(() => running.length >= expected, { what: `${expected} run after ${ended}`, limitMs: 15_000 });
      const { items } = await one.engine.list({ status: "PROCESSING", limit: 50 }, { principal });
      expect(items.length).toBeLessThanOrEqual(AT_ONCE);
      expect(running.length).toBeLessThanOrEqual(AT_ONCE);
      if (expected === AT_ONCE) expect(new Set(running.map(({ name }) => name)).size).toBe(2);
      running.shift()!.end();
      ended++;
    }
  });
});

const principal = { owner: "local", name: "local", scopes: null, expiresAt: null, credentialId: null };
