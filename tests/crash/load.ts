// Callers that submit, ask again, cancel and read while servers die under them, and note every promise they get.
import { setTimeout as pause } from "node:timers/promises";
import type { JobEvent, JobResource } from "@meanwhile/protocol";
import type { Random } from "../harness/random.js";
import { finalText } from "./audit/audit.js";
import type { Promises } from "./promises.js";

export interface LoadOptions {
  promises: Promises;
  random: Random;
  callers: number;
  /** Where some of the jobs tell of themselves. */
  webhookUrl: string;
  /** The address of a server that lives; waits for one. `undefined`: the load is over. */
  address(): Promise<string | undefined>;
  /** Called after every answered submit. */
  onAccepted(): void;
}

/** Runs until there is no address any more. */
export async function runLoad(options: LoadOptions): Promise<void> {
  const keys = { last: 0, recent: [] as Keyed[] };
  await Promise.all(Array.from({ length: options.callers }, () => new Caller(options, keys).run()));
}

interface Keyed {
  readonly key: string;
  readonly body: object;
}

class Caller {
  readonly #options: LoadOptions;
  readonly #keys: { last: number; recent: Keyed[] };

  constructor(options: LoadOptions, keys: { last: number; recent: Keyed[] }) {
    this.#options = options;
    this.#keys = keys;
  }

  async run(): Promise<void> {
    const { random } = this.#options;
    while ((await this.#options.address()) !== undefined) {
      const kind = random.next();
      if (kind < 0.45) await this.#submitKeyed({ key: `key-${++this.#keys.last}`, body: this.#body() });
      else if (kind < 0.6 && this.#keys.recent.length > 0) await this.#submitKeyed(random.pick(this.#keys.recent));
      else if (kind < 0.7) await this.#submitBatch();
      else await this.#submitOnce();
    }
  }

  #body(): object {
    const { random, webhookUrl } = this.#options;
    const webhook = random.chance(0.15) ? { webhook: { url: webhookUrl, events: [...PUSHED_EVENTS] } } : {};
    return { ...this.#work(), ...webhook };
  }

  #work(): object {
    const { random } = this.#options;
    const turn = random.chance(0.2) ? { concurrencyKey: `turn-${random.below(4)}` } : {};
    const delay = random.chance(0.1) ? { delayMs: random.below(300) } : {};
    const kind = random.next();
    if (kind < 0.4) return { type: "test.echo", parameters: { value: random.below(1_000) }, ...turn, ...delay };
    if (kind < 0.8) {
      const failAttempts = random.chance(0.2) ? 1 : 0;
      return { type: "test.steps", parameters: { steps: 3, stepMs: random.below(3), failAttempts }, ...turn, ...delay };
    }
    return { type: "test.wait", parameters: { ms: random.below(80) }, ...turn, ...delay };
  }

  /** Asks until it is answered: after a lost answer the same key must give the same job. */
  async #submitKeyed({ key, body }: Keyed): Promise<void> {
    const { promises } = this.#options;
    for (;;) {
      const answer = await this.#request("POST", "/api/v2/jobs", { body, headers: { "idempotency-key": key } });
      if (answer === "over") return;
      if (answer === "lost") continue;
      if (answer.status === 503) {
        await this.#pauseAfter(answer);
        continue;
      }
      const job = this.#accepted(answer, body);
      if (job === undefined) return;
      const jobIds = promises.keys.get(key) ?? new Set<string>();
      promises.keys.set(key, jobIds.add(job.id));
      this.#keys.recent = [...this.#keys.recent.slice(-50), { key, body }];
      return this.#afterwards(job);
    }
  }

  async #submitOnce(): Promise<void> {
    const body = this.#body();
    const answer = await this.#request("POST", "/api/v2/jobs", { body });
    if (answer === "over" || answer === "lost") return;
    if (answer.status === 503) return this.#pauseAfter(answer);
    const job = this.#accepted(answer, body);
    if (job !== undefined) await this.#afterwards(job);
  }

  async #submitBatch(): Promise<void> {
    const { random, onAccepted } = this.#options;
    const jobs = Array.from({ length: 2 + random.below(4) }, () => this.#body());
    const answer = await this.#request("POST", "/api/v2/jobs/batch", { body: { jobs } });
    if (answer === "over" || answer === "lost") return;
    if (answer.status === 503) return this.#pauseAfter(answer);
    if (answer.status !== 202) return this.#surprise(answer);
    for (const [index, { id }] of (answer.body as { items: JobResource[] }).items.entries()) {
      this.#note(id, jobs[index]!);
    }
    onAccepted();
  }

  #note(jobId: string, body: object): void {
    const { promises } = this.#options;
    promises.accepted.add(jobId);
    if ("webhook" in body) promises.pushed.set(jobId, PUSHED_EVENTS);
  }

  #accepted(answer: Answer, body: object): JobResource | undefined {
    const { onAccepted } = this.#options;
    if (answer.status !== 202 && answer.status !== 200) {
      this.#surprise(answer);
      return undefined;
    }
    const job = answer.body as JobResource;
    this.#note(job.id, body);
    onAccepted();
    return job;
  }

  async #afterwards(job: JobResource): Promise<void> {
    const { random } = this.#options;
    if (random.chance(0.08)) await this.#cancel(job.id);
    if (random.chance(0.2)) await this.#read(job.id);
  }

  async #cancel(jobId: string): Promise<void> {
    const { promises } = this.#options;
    const answer = await this.#request("POST", `/api/v2/jobs/${jobId}/cancel`);
    if (answer === "over" || answer === "lost" || answer.status === 503 || answer.status === 409) return;
    if (answer.status === 200) promises.cancelled.add(jobId);
    else if (answer.status === 202) promises.cancelRequested.add(jobId);
    else this.#surprise(answer);
  }

  async #read(jobId: string): Promise<void> {
    const { promises } = this.#options;
    const page = await this.#request("GET", `/api/v2/jobs/${jobId}/events?after=0&limit=100`);
    if (page === "over" || page === "lost" || page.status === 503) return;
    if (page.status !== 200) return this.#surprise(page);
    for (const { seq, type, at } of (page.body as { items: JobEvent[] }).items) {
      promises.seen.push({ jobId, seq, type, at });
    }
    const now = await this.#request("GET", `/api/v2/jobs/${jobId}`);
    if (now === "over" || now === "lost" || now.status === 503) return;
    if (now.status !== 200) return this.#surprise(now);
    const job = now.body as JobResource;
    if (job.completedAt !== null) promises.finals.set(jobId, finalText(job.status, job.result));
  }

  /** A caller who does as it is told, only sooner. */
  async #pauseAfter(answer: Answer): Promise<void> {
    if (!(Number(answer.retryAfter) >= 1)) this.#surprise(answer);
    await pause(RETRY_MS);
  }

  #surprise({ request, status, body }: Answer): void {
    this.#options.promises.surprises.push(`${request} was answered ${status}: ${JSON.stringify(body)}`);
  }

  /** `lost`: the connection broke, so nobody knows what became of it. */
  async #request(
    method: string,
    path: string,
    { body, headers }: RequestParts = {},
  ): Promise<Answer | "lost" | "over"> {
    const address = await this.#options.address();
    if (address === undefined) return "over";
    try {
      const response = await fetch(address + path, {
        method,
        headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      const retryAfter = response.headers.get("retry-after");
      return { request: `${method} ${path}`, status: response.status, retryAfter, body: await response.json() };
    } catch (error) {
      if (error instanceof DOMException && error.name === "TimeoutError") {
        this.#options.promises.surprises.push(`${method} ${path} was not answered within ${ANSWER_WITHIN_MS} ms.`);
      }
      return "lost";
    }
  }
}

interface RequestParts {
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Answer {
  readonly request: string;
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: unknown;
}

/** Every event of these jobs, but for the many that tell progress. */
const PUSHED_EVENTS: ReadonlySet<string> = new Set([
  "job.submitted",
  "job.started",
  "job.retrying",
  "job.completed",
  "job.failed",
  "job.cancelled",
]);

const RETRY_MS = 50;

const ANSWER_WITHIN_MS = 20_000;
