// The process of one contender: opens one library on one store and does what the parent asks.
import { answerCalls } from "./calls.js";
import type {
  ContenderChoice,
  ContenderMethods,
  DrainContender,
  FollowedContender,
  Library,
  LiveJob,
  WebhookContender,
} from "./contender.js";
import { loadLibrary } from "./contenders/libraries.js";
import { echoJobs } from "./jobs.js";
import { claimAgainAndAgain } from "./workloads/claims.js";
import { drainPreloaded } from "./workloads/drain.js";
import { EventLoopWatch } from "./workloads/event-loop-watch.js";
import { settledMemory } from "./workloads/memory.js";
import { keepPace, wallClockMs } from "./workloads/pace.js";
import { StatementRecorder } from "./workloads/statement-recorder.js";
import { submitBatches, submitFromCallers } from "./workloads/submit-callers.js";

/** About as long as a line that a handler gives out. */
const LIVE_TEXT = "a partial result of about a hundred characters, such as some tokens of a model or a row of a report";

const open: { close(): Promise<void> }[] = [];
let preloaded: DrainContender | undefined;
let followed: FollowedContender | undefined;
let liveJob: LiveJob | undefined;
let sender: WebhookContender | undefined;
const eventLoop = new EventLoopWatch();

answerCalls<ContenderMethods>({
  async submits({ callers, warmupMs, durationMs, ...choice }) {
    const contender = await (await part(choice, "openSubmits"))(choice.store);
    open.push(contender);
    await submitFromCallers(contender, { callers, durationMs: warmupMs });
    return submitFromCallers(contender, { callers, durationMs });
  },

  async batches({ callers, count, ...choice }) {
    const contender = await (await part(choice, "openDrain"))(choice.store, choice.variant);
    open.push(contender);
    return submitBatches(contender, { callers, count });
  },

  async preload({ count, ...choice }) {
    preloaded = await (await part(choice, "openDrain"))(choice.store, choice.variant);
    open.push(preloaded);
    await preloaded.preload(echoJobs(count));
    return null;
  },

  async hasUnfinished() {
    return opened(preloaded, "preload").hasUnfinished();
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

  async followed(choice) {
    followed = await (await part(choice, "openFollowed"))(choice.store);
    open.push(followed);
    return { port: followed.port };
  },

  async waitingJobs({ count }) {
    return { paths: await opened(followed, "followed").waitingJobs(count) };
  },

  async liveJob() {
    liveJob = await opened(followed, "followed").liveJob();
    return { path: liveJob.path };
  },

  async emit(pace) {
    const { emit } = opened(liveJob, "liveJob");
    return keepPace(pace, (index) => emit({ index, sentAt: wallClockMs(), text: LIVE_TEXT }));
  },

  async webhooks({ url, ...choice }) {
    sender = await (await part(choice, "openWebhooks"))(choice.store, { url });
    open.push(sender);
    return null;
  },

  async sendAtPace(pace) {
    const { send } = opened(sender, "webhooks");
    return keepPace(pace, send);
  },

  async sendFromCallers({ callers, count }) {
    const { send } = opened(sender, "webhooks");
    let left = count;
    const caller = async () => {
      while (left-- > 0) await send();
    };
    await Promise.all(Array.from({ length: callers }, caller));
    return null;
  },

  async memory() {
    return settledMemory();
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

function opened<T>(contender: T | undefined, by: keyof ContenderMethods): T {
  if (contender === undefined) throw new Error(`Nothing is open here; call "${by}" first.`);
  return contender;
}

async function part<Name extends keyof Library>(
  choice: ContenderChoice,
  name: Name,
): Promise<NonNullable<Library[Name]>> {
  const opener = (await loadLibrary(choice.library))[name];
  if (opener === undefined) throw new Error(`${choice.library} has no part "${name}"; take it out of that measure.`);
  return opener;
}
