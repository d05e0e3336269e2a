// The process of one contender: opens one library on one store and does what the parent asks.
import { answerCalls } from "./calls.js";
import type { ContenderChoice, ContenderMethods, Library } from "./contender.js";
import { loadLibrary } from "./contenders/libraries.js";
import { claimAgainAndAgain } from "./workloads/claims.js";
import { drainPreloaded } from "./workloads/drain.js";
import { EventLoopWatch } from "./workloads/event-loop-watch.js";
import { StatementRecorder } from "./workloads/statement-recorder.js";
import { submitFromCallers } from "./workloads/submit-callers.js";

const open: { close(): Promise<void> }[] = [];
const eventLoop = new EventLoopWatch();

answerCalls<ContenderMethods>({
  async submits({ callers, warmupMs, durationMs, ...choice }) {
    const contender = await (await part(choice, "openSubmits"))(choice.store);
    open.push(contender);
    await submitFromCallers(contender, { callers, durationMs: warmupMs });
    return submitFromCallers(contender, { callers, durationMs });
  },

  async drain({ count, ...choice }) {
    const contender = await (await part(choice, "openDrain"))(choice.store, choice.variant);
    open.push(contender);
    return drainPreloaded(contender, { count });
  },

  async http({ library, variant, store, ...options }) {
    const contender = await (await part({ library, variant, store }, "openHttp"))(store, options);
    open.push(contender);
    return { port: contender.port };
  },

  async fillForClaims({ finished, delayed, ready, ...choice }) {
    const contender = await (await part(choice, "openClaims"))(choice.store);
    open.push(contender);
    await contender.fill({ finished, delayed, ready });
    return null;
  },

  async claims({ claims, jobsPerClaim, ...choice }) {
    const contender = await (await part(choice, "openClaims"))(choice.store);
    open.push(contender);
    return claimAgainAndAgain(contender, { claims, jobsPerClaim });
  },

  async claimPlan({ limit, ...choice }) {
    const contender = await (await part(choice, "openClaims"))(choice.store);
    open.push(contender);
    const recorder = new StatementRecorder();
    recorder.start();
    await contender.claim(limit);
    return recorder.stop();
  },

  async worker(choice) {
    open.push(await (await part(choice, "openWorker"))(choice.store));
    return null;
  },

  async watchEventLoop() {
    eventLoop.start();
    return null;
  },

  async eventLoopDelay() {
    return { p99Ms: eventLoop.stop() };
  },

  async close() {
    for (const contender of open.splice(0)) await contender.close();
    return null;
  },
});

async function part<Name extends keyof Library>(
  choice: ContenderChoice,
  name: Name,
): Promise<NonNullable<Library[Name]>> {
  const opener = (await loadLibrary(choice.library))[name];
  if (opener === undefined) throw new Error(`${choice.library} has no part "${name}"; take it out of that measure.`);
  return opener;
}
