// A random command made concrete: the same calls for either store, and what the workers learn from the answer.
import { type ClaimedJob, isRefusal, type JobQuery, type NewJob, type Store, transition } from "@meanwhile/core";
import { makeNewJob } from "../builders.js";
import { walk } from "../suite/walk.js";
import { byId, comparableClaim, sorted } from "./comparable.js";
import type { RandomCommand, RandomJob } from "./random-command.js";
import { isChange, stepOfSettle } from "./settle-step.js";
import type { World } from "./world.js";

export interface Step {
  /** Plays the command on one store. The answer is what must be equal. */
  play(store: Store): Promise<unknown>;
  /** Called once, after both stores have given the same answer. */
  learn?(): void;
}

/** `undefined` where the command has nothing to work on yet. */
export function stepOf(command: RandomCommand, world: World): Step | undefined {
  const { now } = world;
  switch (command.kind) {
    case "insert":
      return stepOfInsert(command.groups, world);
    case "claim":
      return stepOfClaim(command, world);
    case "settle":
      return stepOfSettle(command.settlements, world);
    case "cancel":
      return stepOfCancel(command, world);
    case "heartbeat":
      return { play: (store) => store.jobs.extendLeases(leasesOf(world, command.held), { byMs: command.byMs, now }) };
    case "advance":
      world.now += command.ms;
      return undefined;
    case "makeReady":
      return {
        play: async (store) => {
          const result = await store.jobs.makeReady({ limit: command.limit, now });
          return { ...result, types: sorted(result.types) };
        },
      };
    case "sweep":
      return stepOfSweep(command, world);
    case "purge": {
      const jobIds = [...new Set(command.jobs.flatMap((back) => world.job(back) ?? []))];
      const { minTombstoneMs } = command;
      return { play: async (store) => sorted(await store.jobs.purge(jobIds, { minTombstoneMs, now })) };
    }
    case "purgeDue":
      return {
        play: async (store) => {
          const jobIds = await store.jobs.findPurgeable({ limit: command.limit, now });
          return [sorted(jobIds), sorted(await store.jobs.purge(jobIds, { minTombstoneMs: 100, now }))];
        },
      };
    case "removeTombstones":
      return { play: (store) => store.jobs.removeTombstones({ limit: 100, now }) };
    case "log":
      return stepOfLog(command, world);
    case "file":
      return stepOfFile(command, world);
    case "removeExpiredFiles":
      return {
        play: async (store) => {
          const fileIds = await store.files.findExpired({ limit: 100, now });
          return [sorted(fileIds), sorted(await store.files.remove(fileIds))];
        },
      };
    case "count":
      return stepOfCount(command, world);
    case "list": {
      const { kind, ...query } = command;
      return { play: (store) => walk(store, query satisfies JobQuery) };
    }
  }
}

function stepOfInsert(groups: readonly (readonly RandomJob[])[], world: World): Step {
  const items = groups.map((group) => group.map((given) => newJobOf(given, world)));
  return {
    play: (store) => store.jobs.insert(items, { now: world.now }),
    learn: () => {
      for (const { job } of items.flat()) {
        world.jobIds.push(job.id);
        world.submitted.set(job.id, job);
        // Those that were not stored after all hold leases that no store knows: as good as lost ones.
        if (job.lease !== null) world.held.push({ ...job, lease: job.lease });
      }
    },
  };
}

function newJobOf(given: RandomJob, world: World): NewJob {
  const { now } = world;
  const isBornClaimed = given.claimedAtBirth && given.concurrencyKey === null && given.delayMs === 0;
  const runAt = now + given.delayMs;
  const file = given.namesFile ? world.fileIds.at(-1) : undefined;
  return makeNewJob(
    {
      id: world.newId(),
      type: given.type,
      owner: given.owner,
      priority: given.priority,
      createdAt: now,
      runAt,
      startBy: given.startWithinMs === null ? null : runAt + given.startWithinMs,
      completeBy: given.completeWithinMs === null ? null : now + given.completeWithinMs,
      retentionMs: given.retentionMs,
      maxAttempts: given.maxAttempts,
      concurrencyKey: given.concurrencyKey,
      tags: given.tags,
    },
    {
      ...(given.idempotencyKey === null ? {} : { idempotencyKey: given.idempotencyKey }),
      fingerprint: given.fingerprint,
      fileIds: file === undefined ? [] : [file],
      ...(isBornClaimed ? { lease: { token: world.newToken(), workerId: "at-birth", expiresAt: now + 60 } } : {}),
    },
  );
}

function stepOfClaim({ types, leaseMs }: RandomCommand & { kind: "claim" }, world: World): Step {
  const request = { workerId: "worker", leaseToken: world.newToken(), leaseMs, types, now: world.now };
  let claimed: readonly ClaimedJob[] = [];
  return {
    play: async (store) => {
      claimed = await store.jobs.claim(request);
      return claimed.map(comparableClaim);
    },
    learn: () => {
      world.held.push(...claimed);
    },
  };
}

function stepOfCancel({ job, reread }: RandomCommand & { kind: "cancel" }, world: World): Step | undefined {
  const jobId = world.job(job);
  if (jobId === undefined) return undefined;
  const asSubmitted = reread ? undefined : world.submitted.get(jobId);
  const { now } = world;
  return {
    play: async (store) => {
      const found = asSubmitted ?? (await store.jobs.find(jobId));
      if (found === undefined) return "no such job";
      const decision = transition(found, { kind: "requestCancel", by: "acme" }, now);
      return isRefusal(decision) ? decision : store.jobs.commit([decision]);
    },
  };
}

function stepOfSweep(command: RandomCommand & { kind: "sweep" }, world: World): Step {
  const { now } = world;
  const expiry = {
    lease: { kind: "expireLease", retryAfterMs: command.retryAfterMs },
    start: { kind: "expireStart" },
    deadline: { kind: "expireDeadline" },
  } as const;
  return {
    play: async (store) => {
      const due = [...(await store.jobs.findDue(command.due, { limit: 1_000, now }))].sort(byId);
      if (command.heartbeatBetween) await store.jobs.extendLeases(leasesOf(world, [0, 1]), { byMs: 50, now });
      const decisions = due.map((job) => transition(job, expiry[command.due], now));
      return { due, decisions, results: await store.jobs.commit(decisions.filter(isChange)) };
    },
  };
}

function stepOfLog({ job, lines }: RandomCommand & { kind: "log" }, world: World): Step | undefined {
  const jobId = world.job(job);
  if (jobId === undefined) return undefined;
  const at = world.now;
  const messages = Array.from({ length: lines }, (_, index) => `line ${index}`);
  return {
    play: async (store) => {
      await store.logs.append(
        messages.map((message) => ({ jobId, at, level: "info", message, fields: null, attempt: 1 })),
        { maxLines: 2, droppedNote: "dropped" },
      );
      return store.logs.read(jobId, { after: 0, limit: 100, minLevel: "info" });
    },
  };
}

function stepOfFile({ job, ttlMs, owner }: RandomCommand & { kind: "file" }, world: World): Step {
  const jobId = world.job(job);
  const id = world.newId();
  const { now } = world;
  const file = { id, owner, name: "a.csv", mediaType: "text/csv", sizeBytes: 3, sha256: "00", createdAt: now };
  return {
    play: async (store) => {
      await store.files.insert({ ...file, expiresAt: now + ttlMs });
      if (jobId === undefined) return [];
      await store.files.link(jobId, [id]);
      return sorted(await store.files.linkedTo(jobId));
    },
    learn: () => {
      world.fileIds.push(id);
    },
  };
}

function stepOfCount({ job, limit }: RandomCommand & { kind: "count" }, world: World): Step | undefined {
  const jobId = world.job(job);
  if (jobId === undefined) return undefined;
  return {
    play: async (store) => [
      await store.jobs.countAhead(jobId, { limit }),
      await store.jobs.countWaiting(["report", "letter"], { limit }),
    ],
  };
}

function leasesOf(world: World, backs: readonly number[]): { jobId: string; leaseToken: string }[] {
  const held = new Set(backs.flatMap((back) => world.heldJob(back) ?? []));
  return [...held].map(({ id, lease }) => ({ jobId: id, leaseToken: lease.token }));
}
