// Stores groups of new jobs: each group whole or not at all, each key for one job.
import type { InsertedItem, InsertGroup, InsertResult, KeyHolder, NewJob } from "@meanwhile/core";
import type { ClaimedNumbers } from "./claimed-numbers.js";
import { columnsOf, packedColumns } from "./columns.js";
import type { Database, Session, Transaction } from "./database.js";
import type { DeliveryWriter } from "./delivery-writer.js";
import { asNeighbour } from "./errors.js";
import { createEventBatch, typesOf } from "./event-writer.js";
import type { Draw, Places } from "./places.js";
import { addFirstEvents, fromNewJob } from "./rows.js";
import { findJobNumber } from "./statements/find-job-number.js";
import { findKeyHolders } from "./statements/find-key-holders.js";
import { insertIdempotencyKeys } from "./statements/insert-idempotency-keys.js";
import { insertJobWebhooks } from "./statements/insert-job-webhooks.js";
import { INSERTED_TYPES, type InsertedJobRow, insertJobs } from "./statements/insert-jobs.js";
import { linkFiles } from "./statements/link-files.js";
import { openTurns, type TurnPlace } from "./turns.js";

interface Holder extends KeyHolder {
  readonly isPurged: boolean;
}

type Holders = Map<string, Holder>;

/** Events that travel beside their job. */
const TRAVELLING_EVENTS = 2;

export type JobInserts = ReturnType<typeof createJobInserts>;

export function createJobInserts(
  database: Database,
  { deliveries, numbers, places }: { deliveries: DeliveryWriter; numbers: ClaimedNumbers; places: Places },
) {
  return {
    async insert(groups: readonly InsertGroup[], { now }: { now?: number } = {}): Promise<readonly InsertResult[]> {
      for (;;) {
        let created: readonly NewJob[] = [];
        const draw = places.open();
        const written = await database
          .write(
            async (transaction) => {
              const all = await insertAll(transaction, { groups, now, draw });
              created = all.created;
              return all;
            },
            { isThere: (session) => isStored(session, created) },
          )
          .catch(asNeighbour(groups.length))
          .catch(toOvertaken)
          .finally(() => draw.close());
        if (written === OVERTAKEN) continue; // Whoever it was has committed: now the key is found.
        if (written.queued) deliveries.hint();
        return written.results;
      }
    },

    /** One group in a transaction that somebody else ends. @throws KeyTaken where it must be tried again, from before it. */
    async insertInto(
      transaction: Transaction,
      group: InsertGroup,
      { now }: { now?: number } = {},
    ): Promise<InsertResult> {
      const draw = places.open();
      try {
        return (await insertAll(transaction, { groups: [group], now, draw })).results[0]!;
      } finally {
        // Nobody knows when that transaction ends: others do not begin behind it, and may share places with it.
        draw.close();
      }
    },

    async findKeyHolder(owner: string, key: string): Promise<KeyHolder | undefined> {
      const [row] = await database.list(findKeyHolders, [[owner], [key], 0]);
      return row && { jobId: row[2], fingerprint: row[3] };
    },
  };

  async function insertAll(
    transaction: Transaction,
    { groups, now, draw }: { groups: readonly InsertGroup[]; now: number | undefined; draw: Draw },
  ) {
    const holders = await readHolders(transaction, groups, now);
    const created: NewJob[] = [];
    const results = groups.map((group) => {
      const result = judge(group, holders);
      if (result.outcome === "stored")
        created.push(...group.filter((_, at) => result.items[at]!.outcome === "created"));
      return result;
    });
    if (created.length === 0) return { results, created, queued: false };
    await takeKeys(transaction, created);
    const turns = await joinQueues(transaction, created);
    const readinessOf = (item: NewJob) => turns.get(item)?.readiness ?? item.job.readiness;
    const ready = created.filter((item) => readinessOf(item) === "ready");
    const shares = draw.shares(ready);
    let placed = 0;
    const rows = created.map((item) => {
      const turn = turns.get(item)?.turn ?? null;
      const readiness = readinessOf(item);
      const share = readiness === "ready" ? shares.of[placed++] : undefined;
      return addFirstEvents(fromNewJob(item, { readiness, turn, share }), item.events);
    });
    const [stored, interest] = await Promise.all([
      transaction.list(insertJobs, [...packedColumns(rows, INSERTED_TYPES), ...shares.columns]),
      deliveries.interestIn(transaction, typesOf(created.flatMap(({ events }) => events))),
    ]);
    const numberOf = new Map(stored.map(([number, id]) => [id, number]));
    draw.drew(lastPlaces(stored, shares.columns[0].length));
    await Promise.all([nameFiles(transaction, created, numberOf), nameTargets(transaction, created, numberOf)]);
    const events = createEventBatch(deliveries);
    for (const { job, events: own } of created) {
      const place = { job: numberOf.get(job.id)!, seq: 1 };
      if (job.lease !== null) numbers.add(job.id, place.job);
      events.stored(own.length > TRAVELLING_EVENTS ? own.slice(0, TRAVELLING_EVENTS) : own, place);
      if (own.length > TRAVELLING_EVENTS) {
        events.append(own.slice(TRAVELLING_EVENTS), { job: place.job, seq: 1 + TRAVELLING_EVENTS });
      }
    }
    // Whoever was asked beside the insert did not see the targets that came behind it.
    const hasTargets = created.some(({ job }) => job.webhook !== null);
    return { results, created, queued: await events.store(transaction, hasTargets ? undefined : interest) };
  }
}

/** By the slots of their shares. */
function lastPlaces(stored: readonly InsertedJobRow[], shares: number): readonly number[] {
  const lasts = new Array<number>(shares).fill(0);
  for (const [, , slot, place] of stored) {
    if (slot !== null && place! > lasts[slot - 1]!) lasts[slot - 1] = place!;
  }
  return lasts;
}

/** Nobody else draws the same ids; and where nothing was to be written, nothing can be missing. */
async function isStored(session: Session, [first]: readonly NewJob[]): Promise<boolean> {
  return first === undefined || (await session.list(findJobNumber, [first.job.id])).length === 1;
}

/** Another transaction took a key between the look and the insert. Never leaves this package. */
export class KeyTaken extends Error {}
const OVERTAKEN = Symbol("overtaken");

function toOvertaken(error: unknown): typeof OVERTAKEN {
  if (error instanceof KeyTaken) return OVERTAKEN;
  throw error;
}

const keyName = (owner: string, key: string): string => JSON.stringify([owner, key]);

async function readHolders(
  transaction: Transaction,
  groups: readonly InsertGroup[],
  now: number | undefined,
): Promise<Holders> {
  const keyed = groups.flat().filter(({ idempotency }) => idempotency !== null);
  if (keyed.length === 0) return new Map();
  const owners = keyed.map(({ job }) => job.owner);
  const keys = keyed.map(({ idempotency }) => idempotency!.key);
  const rows = await transaction.list(findKeyHolders, [owners, keys, now ?? null]);
  return new Map(
    rows.map(([owner, key, jobId, fingerprint, isPurged]) => [keyName(owner, key), { jobId, fingerprint, isPurged }]),
  );
}

/** What is stored is remembered in `holders`; a refused group leaves nothing behind. */
function judge(group: InsertGroup, holders: Holders): InsertResult {
  const items: InsertedItem[] = [];
  const heldInGroup: Holders = new Map();
  for (const [index, { job, idempotency }] of group.entries()) {
    const name = idempotency === null ? "" : keyName(job.owner, idempotency.key);
    const holder = idempotency === null ? undefined : (heldInGroup.get(name) ?? holders.get(name));
    if (idempotency === null || holder === undefined) {
      if (idempotency !== null) heldInGroup.set(name, { ...idempotency, jobId: job.id, isPurged: false });
      items.push({ outcome: "created", jobId: job.id });
      continue;
    }
    const { jobId, fingerprint, isPurged } = holder;
    if (isPurged) return { outcome: "purged", index, jobId };
    if (fingerprint !== idempotency.fingerprint) return { outcome: "key_reused", index, jobId };
    items.push({ outcome: "exists", jobId });
  }
  for (const [name, holder] of heldInGroup) holders.set(name, holder);
  return { outcome: "stored", items };
}

/** Locks the keys in sorted order, before any job is stored. @throws KeyTaken where another transaction was faster. */
async function takeKeys(transaction: Transaction, created: readonly NewJob[]): Promise<void> {
  const keyed = created.filter(({ idempotency }) => idempotency !== null);
  if (keyed.length === 0) return;
  const rows = keyed
    .map(({ job, idempotency }) => [job.owner, idempotency!.key, job.id, idempotency!.fingerprint] as const)
    .sort((a, b) => (keyName(a[0], a[1]) < keyName(b[0], b[1]) ? -1 : 1));
  const taken = await transaction.run(insertIdempotencyKeys, columnsOf(rows, 4));
  if (taken < rows.length) throw new KeyTaken();
}

async function joinQueues(
  transaction: Transaction,
  created: readonly NewJob[],
): Promise<ReadonlyMap<NewJob, TurnPlace>> {
  const joining = created.filter(({ job }) => job.concurrencyKey !== null && job.readiness === "ready");
  if (joining.length === 0) return new Map();
  const keyOf = ({ job }: NewJob) => ({ owner: job.owner, concurrencyKey: job.concurrencyKey! });
  const keys = joining.map(keyOf);
  const turns = await openTurns(transaction, { keys, joining: keys });
  return new Map(joining.map((item) => [item, turns.join(keyOf(item))]));
}

async function nameFiles(
  transaction: Transaction,
  created: readonly NewJob[],
  numbers: ReadonlyMap<string, number>,
): Promise<void> {
  const rows = created.flatMap(({ job, fileIds }) =>
    [...new Set(fileIds)].map((fileId) => [numbers.get(job.id)!, job.owner, fileId] as const),
  );
  if (rows.length > 0) await transaction.run(linkFiles, columnsOf(rows, 3) as [number[], string[], string[]]);
}

async function nameTargets(
  transaction: Transaction,
  created: readonly NewJob[],
  numbers: ReadonlyMap<string, number>,
): Promise<void> {
  const rows = created.flatMap(({ job }) =>
    job.webhook === null
      ? []
      : [[numbers.get(job.id)!, job.webhook.url, JSON.stringify(job.webhook.events), job.webhook.secret] as const],
  );
  if (rows.length > 0) await transaction.run(insertJobWebhooks, columnsOf(rows, 4));
}
