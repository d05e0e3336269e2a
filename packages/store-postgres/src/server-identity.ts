// Which server a connection leads to: one that takes writes, of which cluster, and since which start.
//
// 1. A replica is refused at once: what it answers may be old, and it takes no write.
// 2. In another cluster than before (a dump restored elsewhere) transactions are counted anew: the log begins a new generation
//    there, before this connection writes anything (invariant I3).
import type { Session } from "./database.js";
import { nameCluster } from "./statements/name-cluster.js";
import { raiseGeneration } from "./statements/raise-generation.js";
import { readServer } from "./statements/read-server.js";

export interface ServerIdentity {
  /** Stays through restarts and failovers. */
  readonly cluster: string;
  /** Changes with every start, crash and failover: while it stays, no transaction id was used twice. */
  readonly incarnation: string;
}

/** @param options.knownCluster The one that this process was connected to before. @throws an error of code 25006 for a replica. */
export async function greetServer(
  session: Session,
  { knownCluster }: { knownCluster: string | undefined },
): Promise<ServerIdentity> {
  const [[cluster, incarnation, isReplica]] = (await session.list(readServer, [])) as [[string, string, boolean]];
  if (isReplica) {
    throw Object.assign(new Error("the server is a replica (pg_is_in_recovery)"), { code: "25006" });
  }
  if (knownCluster !== undefined && knownCluster !== cluster) {
    await session.run(nameCluster, []);
    await session.run(raiseGeneration, []);
  }
  return { cluster, incarnation };
}
