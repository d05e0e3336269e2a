// A worker serves the owners in turn, however much one of them has submitted.
import { expect, it } from "vitest";
import { defineJob } from "../definition/define-job.js";
import { LOCAL_PRINCIPAL } from "../principal/principal.js";
import { startTestService, type TestService } from "../testing/test-service.js";

it("one owner's thousands do not hold up another owner's ten, who come when the worker is already busy with them", async () => {
  const ran: string[] = [];
  const render = defineJob({
    type: "render",
    concurrency: 4,
    run: ({ job }) => {
      ran.push(job.owner);
    },
  });
  const service = await startTestService([render], { started: false });
  await submit(service, "many", 2_000);
  await service.start();
  while (ran.length < 500) await service.pass(1);
  const before = ran.length;

  await submit(service, "few", 10);
  while (ran.filter((owner) => owner === "few").length < 10) await service.pass(1);

  // What the worker had claimed ahead by then goes first: 500 at most, and a claim that is under way.
  const served = ran.slice(before, ran.lastIndexOf("few") + 1);
  const waitedFor = served.indexOf("few");
  expect(waitedFor).toBeLessThanOrEqual(1_000);
  expect(served.slice(waitedFor).filter((owner) => owner === "many").length).toBeLessThanOrEqual(20);
});

async function submit({ engine }: TestService, owner: string, count: number): Promise<void> {
  const principal = { ...LOCAL_PRINCIPAL, owner };
  for (let left = count; left > 0; left -= 500) {
    const items = Array.from({ length: Math.min(left, 500) }, () => ({ type: "render" }));
    await engine.submitBatch(items, { principal });
  }
}
