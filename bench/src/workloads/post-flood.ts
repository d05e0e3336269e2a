// Submits only, as fast as the connections allow, by autocannon; anything but a 202 fails the run.
import autocannon from "autocannon";
import { SUBMIT_BODY } from "../jobs.js";

export async function floodWithPosts(options: {
  port: number;
  connections: number;
  durationSeconds: number;
}): Promise<{ requests: number; requestsPerSecond: number; p99Ms: number }> {
  const result = await autocannon({
    ...{ url: `http://127.0.0.1:${options.port}/api/v2/jobs`, method: "POST", body: SUBMIT_BODY },
    ...{ headers: { "content-type": "application/json" }, connections: options.connections },
    duration: options.durationSeconds,
  });
  const wrong = result.non2xx + result.errors + result.timeouts;
  const requests = result["2xx"];
  if (wrong > 0 || requests === 0) {
    throw new Error(`${wrong} of ${wrong + requests} submits failed: ${JSON.stringify(result.statusCodeStats)}`);
  }
  return { requests, requestsPerSecond: requests / result.duration, p99Ms: result.latency.p99 };
}
