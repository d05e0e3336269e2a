// Stopping while a handler already has its time to obey.
import { until } from "@meanwhile/store-testkit";
import { expect, it } from "vitest";
import { LOCAL_PRINCIPAL as principal } from "../principal/principal.js";
import { createHeldJob } from "../testing/held-job.js";
import { startTestService } from "../testing/test-service.js";

it("a stop does not wait out the time that a cancelled handler has to obey", async () => {
  const deaf = createHeldJob({ deaf: true });
  const service = await startTestService([deaf.definition], { worker: { abortGraceMs: 600_000 } });
  const { id } = await service.submit("held");
  const attempt = await deaf.attempt(1);
  await service.engine.cancel(id, { principal });
  await until(() => attempt.abortedBy() !== undefined, { what: "the handler is told" });

  const stopped = service.stop({ graceMs: 1_000 });
  await service.pass(1_100);
  await stopped;

  expect(attempt.abortedBy()).toBe("cancelled");
  expect(await service.job(id)).toMatchObject({ status: "CANCELLED" });
}, 5_000);
