// Processes on one store that are killed and started again, each time armed with another way to die; so may their database be.
import { join } from "node:path";
import type { StopMode } from "../harness/postgres-cluster.js";
import { type Program, startProgram } from "../harness/process.js";
import type { Random } from "../harness/random.js";
import { KILL_POINTS, type KillPoint } from "../program/kill-points.js";

export type Role = "all" | "api" | "worker";

/** A server under the herd that is restarted again and again. */
export interface HerdDatabase {
  restart(mode: StopMode): Promise<void>;
  /** How many times at least. */
  readonly restarts: number;
}

export interface HerdOptions {
  folder: string;
  /** Of the store that they share. */
  address: string;
  database?: HerdDatabase;
  roles: readonly Role[];
  random: Random;
  /** How many times a process is to die; a few more where a place has not been met by then. */
  kills: number;
}

/** The places at which a process of the role comes by. */
const POINTS: Readonly<Record<Role, readonly KillPoint[]>> = {
  // Jobs are claimed where they are stored, so a claim of its own comes rarely here.
  all: KILL_POINTS.filter((point) => !point.startsWith("claim")),
  api: ["insert-uncommitted", "insert-committed", "deliver-uncommitted", "statement"],
  worker: [
    "claim-uncommitted",
    "claim-committed",
    "settle-uncommitted",
    "settle-committed",
    "deliver-uncommitted",
    "statement",
  ],
};

/** Hits before death: early enough to be reached, spread enough to meet batches of all sizes. */
const MOST_HITS: Readonly<Record<KillPoint, number>> = {
  "insert-uncommitted": 100,
  "insert-committed": 150,
  "claim-uncommitted": 60,
  "claim-committed": 60,
  "settle-uncommitted": 100,
  "settle-committed": 150,
  "deliver-uncommitted": 30,
  statement: 6_000,
};

const LEASE_MS = 600;

export class Herd {
  /** How many died at each place; `outside`: killed while it did whatever it did. */
  readonly deaths = new Map<KillPoint | "outside", number>();
  readonly #options: HerdOptions;
  readonly #due: (KillPoint | "outside")[] = [];
  /** How often a process was armed for the place and did not come by often enough. */
  readonly #missed = new Map<KillPoint | "outside", number>();
  /** How often the database was restarted. */
  restarts = 0;
  #servers: readonly Slot[] = [];
  #submitsUntilRestart = SUBMITS_BETWEEN_RESTARTS;
  #restarting: Promise<void> | undefined;
  /** Rises when a restart begins and when it ends. */
  #upheavals = 0;
  #addressWaiters: (() => void)[] = [];
  #slots: Slot[] = [];
  #stopped = false;

  constructor(options: HerdOptions) {
    this.#options = options;
  }

  get journals(): readonly string[] {
    return this.#options.roles.map((_, index) => this.#journal(index));
  }

  get kills(): number {
    return [...this.deaths.values()].reduce((sum, count) => sum + count, 0);
  }

  /** The places at which nobody has died, although some process comes by there. */
  get unmet(): readonly KillPoint[] {
    const points = new Set(this.#options.roles.flatMap((role) => POINTS[role]));
    return [...points].filter((point) => !this.deaths.has(point));
  }

  /** Resolves when all the kills are done; every process has ended then. @throws where one ends by itself. */
  async run(): Promise<void> {
    this.#slots = this.#options.roles.map((role, index) => new Slot(role, this.#journal(index)));
    this.#servers = this.#slots.filter(({ role }) => role !== "worker");
    const ending = this.#slots.map((slot) => this.#keepAlive(slot));
    try {
      await Promise.all(ending);
      await this.#restarting;
    } finally {
      this.#stopped = true;
      this.#wakeCallers();
    }
  }

  /** The address of a server that lives, once there is one; `undefined` when there will be none any more. */
  async address(): Promise<string | undefined> {
    for (;;) {
      if (this.#stopped) return undefined;
      const living = this.#servers.filter(({ address }) => address !== undefined);
      if (living.length > 0) return this.#options.random.pick(living).address;
      await new Promise<void>((resolve) => this.#addressWaiters.push(resolve));
    }
  }

  /** A submit was answered: who was to die from outside by now, dies. */
  accepted(): void {
    for (const slot of this.#slots) {
      if (slot.address !== undefined && --slot.submitsLeft <= 0) slot.program?.signal("SIGKILL");
    }
    if (this.#options.database !== undefined && --this.#submitsUntilRestart <= 0) this.#restartDatabase();
  }

  /** One process that lives until it is told to stop. */
  startCalm(role: Role): Program {
    return this.#start({ role, journal: this.#journal(0) }, "");
  }

  #restartDatabase(): void {
    const { database, random } = this.#options;
    if (this.#restarting !== undefined || this.#stopped || database === undefined) return;
    this.#upheavals++;
    // Mostly as by a loss of power; now and then as by an administrator. Some process dies meanwhile, now and then.
    const victim = random.chance(0.3) ? random.pick(this.#slots) : undefined;
    if (victim?.address !== undefined) {
      victim.submitsLeft = 0;
      victim.program?.signal("SIGKILL");
    }
    this.#restarting = database
      .restart(random.chance(0.75) ? "immediate" : "fast")
      .then(() => {
        this.restarts++;
        this.#endIfDone();
      })
      .finally(() => {
        this.#upheavals++;
        this.#restarting = undefined;
        this.#submitsUntilRestart = Math.ceil(SUBMITS_BETWEEN_RESTARTS * (0.5 + random.next()));
      });
  }

  async #keepAlive(slot: Slot): Promise<void> {
    while (!this.#stopped) {
      const upheavals = this.#upheavals;
      const death = this.#nextDeath(slot.role);
      slot.submitsLeft = this.#submitsFor(death);
      slot.program = this.#start(
        slot,
        death === "outside" || death === undefined ? "" : `${death}:${this.#hit(death)}`,
      );
      slot.address = await slot.program.ready;
      this.#wakeCallers();
      const { code, signal } = await slot.program.exited;
      // Without its database no process starts; one that has started never ends by that.
      const neverCame = slot.address === undefined && (this.#upheavals !== upheavals || this.#restarting !== undefined);
      slot.address = undefined;
      if (neverCame && signal !== "SIGKILL") {
        if (death !== undefined) this.#due.unshift(death);
        await this.#restarting;
        continue;
      }
      if (signal !== "SIGKILL") throw new Error(`${slot.role} ended by itself (${code}):\n${slot.program.output()}`);
      if (this.#stopped) return;
      const cause = slot.submitsLeft <= 0 || death === undefined ? "outside" : death;
      this.deaths.set(cause, (this.deaths.get(cause) ?? 0) + 1);
      if (death !== undefined && cause !== death) this.#noteMiss(death);
      this.#endIfDone();
    }
  }

  #endIfDone(): void {
    const { kills, database } = this.#options;
    const isShaken = this.restarts >= (database?.restarts ?? 0);
    if (!this.#stopped && this.kills >= kills && isShaken && this.unmet.length === 0) this.#end();
  }

  /** The last kill takes all the others along. */
  #end(): void {
    this.#stopped = true;
    this.#wakeCallers();
    for (const { program } of this.#slots) program?.signal("SIGKILL");
  }

  #start({ role, journal }: { role: Role; journal: string }, kill: string): Program {
    return startProgram("crash-server", {
      env: {
        MEANWHILE_STORE: this.#options.address,
        MEANWHILE_FILES: join(this.#options.folder, "files"),
        MEANWHILE_JOURNAL: journal,
        MEANWHILE_LEASE_MS: String(LEASE_MS),
        MEANWHILE_ROLE: role,
        MEANWHILE_KILL: kill,
      },
      ready: /ready (http:\S*)?/,
    });
  }

  /** It comes again soon, and needs fewer hits then. */
  #noteMiss(death: KillPoint | "outside"): void {
    this.#missed.set(death, (this.#missed.get(death) ?? 0) + 1);
    this.#due.unshift(death);
  }

  #submitsFor(death: KillPoint | "outside" | undefined): number {
    if (death === undefined) return Number.POSITIVE_INFINITY;
    const most = this.#options.database === undefined ? SUBMITS_PER_LIFE : SUBMITS_PER_LIFE_ON_SERVER;
    return death === "outside" ? 10 + this.#options.random.below(most / 2) : most;
  }

  /**
   * Every place comes once, in an order of chance, before any comes again. When enough have died, only places are left
   * that nobody has met; `undefined`: this process is to live.
   */
  #nextDeath(role: Role): KillPoint | "outside" | undefined {
    const isShaken = this.restarts >= (this.#options.database?.restarts ?? 0);
    if (this.kills >= this.#options.kills && isShaken) {
      return this.unmet.find((point) => POINTS[role].includes(point));
    }
    const fits = (death: KillPoint | "outside") => death === "outside" || POINTS[role].includes(death);
    if (!this.#due.some(fits)) {
      const more = [...KILL_POINTS, "outside"] as const;
      this.#due.push(
        ...more
          .map((death) => ({ death, at: this.#options.random.next() }))
          .sort((a, b) => a.at - b.at)
          .map(({ death }) => death),
      );
    }
    return this.#due.splice(this.#due.findIndex(fits), 1)[0]!;
  }

  #hit(point: KillPoint): number {
    const share = this.#options.database === undefined ? 1 : SUBMITS_PER_LIFE_ON_SERVER / SUBMITS_PER_LIFE;
    const most = (MOST_HITS[point] * share) / 4 ** (this.#missed.get(point) ?? 0);
    return 1 + this.#options.random.below(Math.ceil(most));
  }

  #journal(index: number): string {
    return join(this.#options.folder, `journal-${index}.jsonl`);
  }

  #wakeCallers(): void {
    const waiting = this.#addressWaiters;
    this.#addressWaiters = [];
    for (const wake of waiting) wake();
  }
}

/** Whoever was not hit by then dies from outside. */
const SUBMITS_PER_LIFE = 400;

/** A server between four processes and the disk takes its time: there, lives and peace are shorter. */
const SUBMITS_PER_LIFE_ON_SERVER = 150;
const SUBMITS_BETWEEN_RESTARTS = 150;

class Slot {
  readonly role: Role;
  readonly journal: string;
  program: Program | undefined;
  address: string | undefined;
  submitsLeft = 0;

  constructor(role: Role, journal: string) {
    this.role = role;
    this.journal = journal;
  }
}
