// All measures, in the order in which they run.
import type { Measure } from "../measure.js";
import { claimCost } from "./claim-cost.js";
import { drain } from "./drain.js";
import { httpCpu } from "./http-cpu.js";
import { httpSubmit } from "./http-submit.js";
import { idleFollowers } from "./idle-followers.js";
import { idleLatency } from "./idle-latency.js";
import { liveFollowers } from "./live-followers.js";
import { submits } from "./submits.js";
import { thread } from "./thread.js";
import { webhooks } from "./webhooks.js";

export const measures: readonly Measure[] = [
  ...[submits, drain, httpSubmit, idleLatency, claimCost, httpCpu],
  ...[idleFollowers, liveFollowers, webhooks, thread],
];
