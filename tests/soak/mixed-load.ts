// Callers that do everything one can do with jobs, so many a second, and note every promise and every surprise.
import type { JobResource } from "@meanwhile/protocol";
import { Api } from "../harness/api.js";
import { createDealer, type Random } from "../harness/random.js";
import { pause, type Ways } from "../readers/reader.js";
import { CHANNELS, followOne } from "./followers.js";
import type { Ledger } from "./ledger.js";

export interface MixedLoadOptions {
  /** Of every API process; each act takes one of them. */
  readonly servers: readonly Ways[];
  /** Takes webhooks. */
  readonly hookUrl: string;
  readonly random: Random;
  readonly ledger: Ledger;
  readonly jobsPerSecond: number;
  readonly signal: AbortSignal;
}

/** Acts under way at once; more would only queue up in this process. */
const MOST_AT_ONCE = 300;
/** What a process has accepted and not finished: beyond it the machine is slower than the load, which then waits. */
const MOST_PENDING = 2_000;
const FOLLOWED_SHARE = 0.12;
const BATCH_SIZE = 6;
const TERMINAL_HOOKS = ["job.completed", "job.failed", "job.cancelled"];

/** Resolves when the signal has fired and every act is over. Never rejects. */
export async function runMixedLoad(options: MixedLoadOptions): Promise<void> {
  const { random, ledger, jobsPerSecond, signal } = options;
  const running = new Set<Promise<void>>();
  const nextAct = createDealer(DECK, random);
  const nextChannel = createDealer(CHANNELS, random);
  const begunAt = performance.now();
  let begun = 0;
  while (!signal.aborted) {
    await pause(20, signal);
    const due = Math.floor(((performance.now() - begunAt) / 1_000) * jobsPerSecond);
    while (begun < due && !signal.aborted) {
      if (running.size >= MOST_AT_ONCE || ledger.pendingCount >= MOST_PENDING) {
        ledger.count("acts left out because the machine was slow", due - begun);
        begun = due;
        break;
      }
      const { act, jobs } = nextAct();
      begun += jobs;
      const done = new Caller(options, nextChannel)
        [act]()
        .catch((error: unknown) =>
          ledger.fault(`${act}: ${error instanceof Error ? (error.stack ?? error.message) : error}`),
        )
        .finally(() => running.delete(done));
      running.add(done);
    }
  }
  await Promise.all(running);
}

/** Weights, and how many jobs each makes. */
const ACTS = [
  { act: "echo", weight: 28, jobs: 1 },
  { act: "steps", weight: 14, jobs: 1 },
  { act: "wait", weight: 8, jobs: 1 },
  { act: "cancel", weight: 6, jobs: 1 },
  { act: "fail", weight: 4, jobs: 1 },
  { act: "timeOut", weight: 2, jobs: 1 },
  { act: "delay", weight: 4, jobs: 1 },
  { act: "takeTurns", weight: 5, jobs: 1 },
  { act: "expire", weight: 1, jobs: 3 },
  { act: "batch", weight: 4, jobs: BATCH_SIZE },
  { act: "file", weight: 4, jobs: 1 },
  { act: "hook", weight: 6, jobs: 1 },
  { act: "repeat", weight: 5, jobs: 1 },
  { act: "preferWait", weight: 3, jobs: 1 },
  { act: "rerun", weight: 3, jobs: 2 },
  { act: "purge", weight: 3, jobs: 1 },
] as const;

type Act = (typeof ACTS)[number];

/** Even a short load does each of them. */
const DECK: readonly Act[] = ACTS.flatMap((each) => Array.from({ length: each.weight }, () => each));

type Envelope = Readonly<Record<string, unknown>> & { readonly type: string };

class Caller implements Record<Act["act"], () => Promise<void>> {
  readonly #options: MixedLoadOptions;
  readonly #random: Random;
  readonly #ledger: Ledger;
  readonly #ways: Ways;
  readonly #api: Api;
  readonly #nextChannel: () => string;

  constructor(options: MixedLoadOptions, nextChannel: () => string) {
    this.#nextChannel = nextChannel;
    this.#options = options;
    this.#random = options.random;
    this.#ledger = options.ledger;
    this.#ways = options.random.pick(options.servers);
    this.#api = new Api(`http://${this.#ways.http}`);
  }

  echo = () => this.#submitAndFollow({ type: "test.echo", parameters: { value: this.#random.below(1_000) } });

  steps = () => {
    const failAttempts = this.#random.chance(0.2) ? 1 : 0;
    const parameters = { steps: 3 + this.#random.below(5), stepMs: this.#random.below(20), failAttempts };
    return this.#submitAndFollow({ type: "test.steps", parameters });
  };

  wait = () => this.#submitAndFollow({ type: "test.wait", parameters: { ms: this.#random.below(80) } });

  fail = () => this.#submitAndFollow({ type: "test.fail", parameters: { code: "no_luck", message: "as told" } });

  timeOut = () => this.#submitAndFollow({ type: "test.hasty", parameters: {} });

  delay = () => this.#submitAndFollow({ type: "test.echo", parameters: {}, delayMs: this.#random.below(3_000) });

  takeTurns = () => {
    const concurrencyKey = `turn-${this.#random.below(40)}`;
    return this.#submitAndFollow({ type: "test.wait", parameters: { ms: this.#random.below(20) }, concurrencyKey });
  };

  /** One at a time in each of the two workers: the third finds their places taken for too long. */
  async expire(): Promise<void> {
    const envelope = { type: "test.single", parameters: { ms: 250 }, startWithinMs: 150 };
    await Promise.all([1, 2, 3].map(() => this.#submitAndFollow(envelope)));
  }

  async cancel(): Promise<void> {
    const job = await this.#submit({
      type: "test.wait",
      parameters: { ms: 4_000 },
      delayMs: this.#random.pick([0, 0, 2_000]),
    });
    if (job === undefined) return;
    await pause(this.#random.below(500), this.#options.signal);
    const { status, body } = await this.#api.cancel(job.id);
    // 200: it had not begun, or is cancelled; 202: it is told to stop; 409: it is over.
    if (![200, 202, 409].includes(status)) this.#surprise("cancel", { status, body });
    this.#ledger.count("cancels");
  }

  async batch(): Promise<void> {
    const jobs = Array.from({ length: BATCH_SIZE }, (_, value) => ({ type: "test.echo", parameters: { value } }));
    const answer = await this.#api.request<{ items: JobResource[] }>("POST", "/api/v2/jobs/batch", { body: { jobs } });
    if (answer.status !== 202) return this.#surprise("batch", answer);
    for (const { id } of answer.body.items) this.#ledger.accepted(id);
    this.#ledger.count("batches");
  }

  async file(): Promise<void> {
    const text = `${this.#random.next()} `.repeat(500 + this.#random.below(3_000));
    const headers = { "content-type": "text/plain" };
    const file = await this.#api.request<{ id: string }>("POST", "/api/v2/files", { body: text, headers });
    if (file.status !== 201) return this.#surprise("upload", file);
    const copied = await this.#submitAndWait({ type: "test.copy", parameters: { file: file.body.id } });
    if (copied?.status !== "COMPLETED") return;
    const { file: copy } = copied.result as { file: string };
    const answer = await this.#api.request<string>("GET", `/api/v2/files/${copy}`);
    if (answer.status !== 200 || answer.body !== text) this.#surprise("download", { ...answer, body: "other bytes" });
    this.#ledger.count("files copied");
  }

  async hook(): Promise<void> {
    const webhook = { url: this.#options.hookUrl, events: TERMINAL_HOOKS };
    await this.#submit({ type: this.#random.pick(["test.echo", "test.steps"]), parameters: {}, webhook });
  }

  async repeat(): Promise<void> {
    const headers = { "idempotency-key": `key-${this.#random.below(1e9)}` };
    const envelope = { type: "test.echo", parameters: { value: "once" } };
    const [first, second] = [await this.#submit(envelope, headers), await this.#submit(envelope, headers)];
    if (first?.id !== second?.id) this.#ledger.fault(`One key made ${first?.id} and ${second?.id}.`);
  }

  async preferWait(): Promise<void> {
    await this.#submitAndWait({ type: "test.steps", parameters: { steps: 2, stepMs: 10 } });
  }

  async rerun(): Promise<void> {
    const job = await this.#submitAndWait({ type: "test.echo", parameters: { value: "again" } });
    if (job === undefined) return;
    const answer = await this.#api.request<JobResource>("POST", `/api/v2/jobs/${job.id}/rerun`);
    if (answer.status !== 202) return this.#surprise("rerun", answer);
    this.#ledger.accepted(answer.body.id);
    this.#ledger.count("reruns");
  }

  async purge(): Promise<void> {
    const job = await this.#submitAndWait({ type: "test.echo", parameters: { value: "gone" } });
    if (job === undefined) return;
    const answer = await this.#api.request("POST", `/api/v2/jobs/${job.id}/purge`);
    if (answer.status !== 204) return this.#surprise("purge", answer);
    this.#ledger.purged(job.id);
    const gone = await this.#api.get(job.id);
    if (gone.status !== 410) this.#surprise("get of a purged job", gone);
  }

  async #submitAndFollow(envelope: Envelope): Promise<void> {
    const job = await this.#submit(envelope);
    if (job === undefined || !this.#random.chance(FOLLOWED_SHARE)) return;
    const channel = this.#nextChannel();
    await followOne(job.id, { ways: this.#ways, random: this.#random, ledger: this.#ledger, channel });
  }

  /** @returns the finished job; none where the machine is slow. */
  async #submitAndWait(envelope: Envelope): Promise<JobResource | undefined> {
    const job = await this.#submit(envelope, { prefer: "wait=20" });
    if (job === undefined || job.completedAt !== null) return job;
    this.#ledger.count("not finished within 20 s");
    return undefined;
  }

  async #submit(envelope: Envelope, headers: Readonly<Record<string, string>> = {}): Promise<JobResource | undefined> {
    const answer = await this.#api.request<JobResource>("POST", "/api/v2/jobs", { body: envelope, headers });
    if (answer.status !== 202 && answer.status !== 200) {
      this.#surprise(`submit of ${envelope.type}`, answer);
      return undefined;
    }
    this.#ledger.accepted(answer.body.id, { hook: envelope.webhook !== undefined });
    return answer.body;
  }

  #surprise(what: string, { status, body }: { status: number; body: unknown }): void {
    this.#ledger.fault(`${what} was answered ${status}: ${JSON.stringify(body)}`);
  }
}
