// Processes on one SQLite file that are killed and started again, each time armed with another way to die.
import { join } from "node:path";
import { type Program, startProgram } from "../harness/process.js";
import type { Random } from "../harness/random.js";
import { KILL_POINTS, type KillPoint } from "../program/kill-points.js";

export type Role = "all" | "api" | "worker";

export interface HerdOptions {
  folder: string;
  roles: readonly Role[];
  random: Random;
  /** How many times a process is to die; a few more where a place has not been met by then. */
  kills: number;
}

/** The places at which a process of the role comes by. */
const POINTS: Readonly<Record<Role, readonly KillPoint[]>> = {
  // Jobs are claimed where they are stored, so a claim of its own comes rarely here.
  all: KILL_POINTS.filter((point) => !point.startsWith("claim")),
  api: ["insert-uncommitted", "insert-committed", "statement"],
  worker: ["claim-uncommitted", "claim-committed", "settle-uncommitted", "settle-committed", "statement"],
};

/** Hits before death: early enough to be reached, spread enough to meet batches of all sizes. */
const MOST_HITS: Readonly<Record<KillPoint, number>> = {
  "insert-uncommitted": 100,
  "insert-committed": 150,
  "claim-uncommitted": 60,
  "claim-committed": 60,
  "settle-uncommitted": 100,
  "settle-committed": 150,
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
  #server: Slot | undefined;
  #addressWaiters: (() => void)[] = [];
  #slots: Slot[] = [];
  #stopped = false;

  constructor(options: HerdOptions) {
    this.#options = options;
  }

  get storeFile(): string {
    return join(this.#options.folder, "meanwhile.db");
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
    this.#server = this.#slots.find(({ role }) => role !== "worker");
    const ending = this.#slots.map((slot) => this.#keepAlive(slot));
    try {
      await Promise.all(ending);
    } finally {
      this.#stopped = true;
      this.#wakeCallers();
    }
  }

  /** The address of the server, once it lives; `undefined` when there will be none any more. */
  async address(): Promise<string | undefined> {
    while (!this.#stopped && this.#server?.address === undefined) {
      await new Promise<void>((resolve) => this.#addressWaiters.push(resolve));
    }
    return this.#stopped ? undefined : this.#server?.address;
  }

  /** A submit was answered: who was to die from outside by now, dies. */
  accepted(): void {
    for (const slot of this.#slots) {
      if (slot.address !== undefined && --slot.submitsLeft <= 0) slot.program?.signal("SIGKILL");
    }
  }

  /** One process that lives until it is told to stop. */
  startCalm(role: Role): Program {
    return this.#start({ role, journal: this.#journal(0) }, "");
  }

  async #keepAlive(slot: Slot): Promise<void> {
    while (!this.#stopped) {
      const death = this.#nextDeath(slot.role);
      slot.submitsLeft = this.#submitsFor(death);
      slot.program = this.#start(
        slot,
        death === "outside" || death === undefined ? "" : `${death}:${this.#hit(death)}`,
      );
      slot.address = await slot.program.ready;
      this.#wakeCallers();
      const { code, signal } = await slot.program.exited;
      slot.address = undefined;
      if (signal !== "SIGKILL") throw new Error(`${slot.role} ended by itself (${code}):\n${slot.program.output()}`);
      if (this.#stopped) return;
      const cause = slot.submitsLeft <= 0 || death === undefined ? "outside" : death;
      this.deaths.set(cause, (this.deaths.get(cause) ?? 0) + 1);
      if (death !== undefined && cause !== death) this.#noteMiss(death);
      if (this.kills >= this.#options.kills && this.unmet.length === 0) this.#end();
    }
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
        MEANWHILE_STORE_FILE: this.storeFile,
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
    return death === "outside" ? 10 + this.#options.random.below(200) : SUBMITS_PER_LIFE;
  }

  /**
   * Every place comes once, in an order of chance, before any comes again. When enough have died, only places are left
   * that nobody has met; `undefined`: this process is to live.
   */
  #nextDeath(role: Role): KillPoint | "outside" | undefined {
    if (this.kills >= this.#options.kills) return this.unmet.find((point) => POINTS[role].includes(point));
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
    return 1 + this.#options.random.below(Math.ceil(MOST_HITS[point] / 4 ** (this.#missed.get(point) ?? 0)));
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
