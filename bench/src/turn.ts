// One turn of one entrant: a fresh store, fresh processes, and the end of all of them.
import { Cleanup } from "./cleanup.js";
import type { ContenderChoice, ContenderMethods, StoreAddress } from "./contender.js";
import type { Entrant } from "./entrants.js";
import type { LoadMethods } from "./load-process.js";
import { Child, cpuSecondsOf } from "./processes.js";
import { makeDirectory } from "./stores/directory.js";
import { createDatabase, type TemporaryDatabase } from "./stores/postgres-database.js";
import { startRedis } from "./stores/redis-server.js";

export interface StoreServers {
  /** The redis-server to start, by name or path. */
  redisCommand: string;
  /** A PostgreSQL that is already running. */
  postgresUrl: string;
}

const CONTENDER_SCRIPT = new URL("./contender-process.js", import.meta.url);
const LOAD_SCRIPT = new URL("./load-process.js", import.meta.url);

export class Turn {
  /** What a measure saw beside its figures; the report says it in words. */
  readonly notes: string[] = [];
  readonly #cleanup = new Cleanup();
  readonly #servers: StoreServers;
  #ended = false;

  constructor(servers: StoreServers) {
    this.#servers = servers;
  }

  async open(entrant: Entrant): Promise<OpenEntrant> {
    const { address, processIds, database } = await this.#makeStore(entrant);
    const choice = { library: entrant.library, variant: entrant.variant, store: address };
    return new OpenEntrant({
      choice,
      processIds,
      database,
      label: entrant.label,
      start: (name, nodeFlags) => this.#start(CONTENDER_SCRIPT, name, nodeFlags),
    });
  }

  openLoad(): Child<LoadMethods> {
    return this.#start(LOAD_SCRIPT, "load generator");
  }

  /** Ends what the turn opened, newest first; from then on it opens nothing. */
  end(): Promise<void> {
    this.#ended = true;
    return this.#cleanup.undo();
  }

  #start<Methods extends object>(script: URL, name: string, nodeFlags: readonly string[] = []): Child<Methods> {
    this.#requireRunning();
    const child = new Child<Methods>(script, { name, nodeFlags });
    this.#cleanup.add(`process of ${name}`, () => child.end());
    return child;
  }

  #requireRunning(): void {
    if (this.#ended) throw new Error("The turn was ended.");
  }

  async #makeStore({ store }: Entrant): Promise<MadeStore> {
    this.#requireRunning();
    switch (store) {
      case "none":
        return { address: { kind: "none" }, processIds: [] };
      case "directory": {
        const { path, remove } = await makeDirectory("store");
        this.#cleanup.add(path, remove);
        return { address: { kind: "directory", path }, processIds: [] };
      }
      case "postgres": {
        const database = await createDatabase({ serverUrl: this.#servers.postgresUrl });
        this.#cleanup.add(database.url, database.drop);
        return { address: { kind: "postgres", url: database.url }, processIds: [], database };
      }
      case "redis":
      case "redis-aof": {
        const options = { command: this.#servers.redisCommand, appendOnly: store === "redis-aof" };
        const { port, protocol, processId, end } = await startRedis(options);
        this.#cleanup.add(`redis-server ${processId}`, end);
        return { address: { kind: "redis", port, protocol }, processIds: [processId] };
      }
    }
  }
}

interface MadeStore {
  address: StoreAddress;
  /** Those that were started for it. */
  processIds: number[];
  database?: TemporaryDatabase;
}

type StartContender = (name: string, nodeFlags?: readonly string[]) => Child<ContenderMethods>;

/** An entrant on its store; its processes start when they are asked for. */
export class OpenEntrant {
  readonly choice: ContenderChoice;
  /** Where the store is one on PostgreSQL. */
  readonly database: TemporaryDatabase | undefined;
  readonly #start: StartContender;
  readonly #label: string;
  readonly #processIds: number[];
  readonly #children: Child<ContenderMethods>[] = [];

  constructor(options: {
    choice: ContenderChoice;
    processIds: number[];
    database: TemporaryDatabase | undefined;
    label: string;
    start: StartContender;
  }) {
    this.choice = options.choice;
    this.database = options.database;
    this.#start = options.start;
    this.#label = options.label;
    this.#processIds = options.processIds;
  }

  startProcess(nodeFlags?: readonly string[]): Child<ContenderMethods> {
    const child = this.#start(this.#label, nodeFlags);
    this.#children.push(child);
    this.#processIds.push(child.processId);
    return child;
  }

  /**
   * CPU seconds of all processes of this entrant so far, with those of a store that was started for it. Of PostgreSQL these are the
   * processes that serve its connections; what the server does for all (writing its log and its tables out) is nobody's.
   */
  async cpuSeconds(): Promise<number> {
    const serving = (await this.database?.backends()) ?? [];
    return [...this.#processIds, ...serving].reduce((sum, processId) => sum + cpuSecondsOf(processId), 0);
  }

  /** Lets the library close itself; the processes end with the turn. */
  async close(): Promise<void> {
    for (const child of this.#children) await child.call("close", null, { timeoutMs: 15_000 });
  }
}
