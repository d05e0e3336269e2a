// The recorder sees what the store itself prepares, and leaves the library as it was.
import { createSqliteStore } from "@meanwhile/store-sqlite";
import { expect, it } from "vitest";
import { StatementRecorder } from "./statement-recorder.js";

it("notes the statements of one call with their plans, and none after its end", async () => {
  const store = await createSqliteStore({ file: ":memory:" });
  await store.migrate();
  const recorder = new StatementRecorder();

  recorder.start();
  await store.jobs.find("0199c0de-7a10-7c3e-8000-000000000000");
  const planned = recorder.stop();
  await store.apiKeys.list();

  expect(planned).toHaveLength(1);
  expect(planned[0]?.sql).toMatch(/^select .* from meanwhile_jobs where id = \?$/);
  expect(planned[0]?.plan.join()).toMatch(/^SEARCH meanwhile_jobs USING /);
  expect(recorder.stop()).toEqual(planned);
  await store.close();
});
