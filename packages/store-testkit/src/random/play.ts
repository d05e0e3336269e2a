// Plays one random sequence on two stores, compares them after every command, and looks at the whole at the end.
import type { PositionedEvent, Store, StoredEvent } from "@meanwhile/core";
import { expect } from "vitest";
import { readWholeLog, walk } from "../suite/walk.js";
import { comparableEvents, sorted } from "./comparable.js";
import { checkLife, checkRow } from "./invariants.js";
import type { RandomCommand } from "./random-command.js";
import { stepOf } from "./step.js";
import { World } from "./world.js";

export interface Pair {
  readonly reference: Store;
  readonly subject: Store;
}

export async function play(commands: readonly RandomCommand[], { reference, subject }: Pair): Promise<void> {
  const world = new World();
  const readers = { reference: new LogReader(reference), subject: new LogReader(subject) };
  /** Every event that was ever read, purged or not. */
  const lives = new Map<string, StoredEvent[]>();

  for (const [index, command] of commands.entries()) {
    const step = stepOf(command, world);
    if (step === undefined) continue;
    try {
      const expected = await step.play(reference);
      expect(await step.play(subject), "the answer").toEqual(expected);
      step.learn?.();
      const news = await readers.reference.readOn();
      expect(comparableEvents(await readers.subject.readOn()), "the new events").toEqual(comparableEvents(news));
      for (const event of news) lives.set(event.jobId, [...(lives.get(event.jobId) ?? []), event]);
    } catch (error) {
      throw new Error(`Command ${index} (${command.kind}) at ${world.now}: ${messageOf(error)}`, { cause: error });
    }
  }

  await compareWhole(world, { reference, subject });
  await checkInvariants(lives, subject);
}

class LogReader {
  readonly #store: Store;
  #position: string | null = null;

  constructor(store: Store) {
    this.#store = store;
  }

  async readOn(): Promise<readonly PositionedEvent[]> {
    const news = await readWholeLog(this.#store, { after: this.#position });
    this.#position = news.at(-1)?.position ?? this.#position;
    return news;
  }
}

async function compareWhole(world: World, { reference, subject }: Pair): Promise<void> {
  const all = { after: 0, limit: 10_000 };
  for (const jobId of world.jobIds) {
    const whole = async (store: Store) => ({
      job: await store.jobs.find(jobId),
      tombstone: await store.jobs.findTombstone(jobId),
      events: comparableEvents(await store.events.read(jobId, all)),
      lines: await store.logs.read(jobId, { ...all, minLevel: "debug" }),
      fileIds: sorted(await store.files.linkedTo(jobId)),
      ahead: await store.jobs.countAhead(jobId, { limit: 1_000 }),
    });
    expect(await whole(subject), `job ${jobId} at the end`).toEqual(await whole(reference));
  }
  expect(await walk(subject, { limit: 7 }), "the list at the end").toEqual(await walk(reference, { limit: 7 }));
  expect(comparableEvents(await readWholeLog(subject)), "the log at the end").toEqual(
    comparableEvents(await readWholeLog(reference)),
  );
}

async function checkInvariants(lives: ReadonlyMap<string, readonly StoredEvent[]>, store: Store): Promise<void> {
  const running = new Set<string>();
  for (const [jobId, events] of lives) {
    checkLife(events);
    const job = await store.jobs.find(jobId);
    if (job === undefined) continue;
    checkRow(job, events);
    if (job.concurrencyKey === null || (job.readiness !== "ready" && job.lease === null)) continue;
    const turn = JSON.stringify([job.owner, job.concurrencyKey]);
    expect(running, "one job per owner and concurrencyKey").not.toContain(turn);
    running.add(turn);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
