// All measures, in the order in which they run.
import type { Measure } from "../measure.js";
import { batches } from "./batches.js";
import { claimCost } from "./claim-cost.js";
import { drain } from "./drain.js";
import { httpCpu } from "./http-cpu.js";
import { httpKnown } from "./http-known.js";
import { httpSubmit } from "./http-submit.js";
import { idleCpu } from "./idle-cpu.js";
import { idleFollowers } from "./idle-followers.js";
import { idleLatency } from "./idle-latency.js";
import { liveFollowers } from "./live-followers.js";
import { postgresClaims } from "./postgres-claims.js";
import { submits } from "./submits.js";
import { thread } from "./thread.js";
import { twoWorkers } from "./two-workers.js";
import { webhooks } from "./webhooks.js";

export const measures: readonly Measure[] = [
  ...[submits, batches, drain, twoWorkers, httpSubmit, httpKnown, idleLatency, claimCost, postgresClaims],
  ...[httpCpu, idleCpu, idleFollowers, liveFollowers, webhooks, thread],
];
