// What became of a commit whose answer was lost (hard case 3 of the architecture: nobody takes its own success for a failure, nor
// a failure for a success).
//
// 1. While the server has not crashed since, its word on the transaction id is the truth.
// 2. After a crash, or a failover, an id that had never reached the disk is given to another transaction. "Aborted" is the truth
//    then, too: what is on the disk keeps its id. "Committed" may be said of somebody else: what we wrote itself must be there.
// 3. What was under way at a crash is not under way any more.
import type { Session } from "./database.js";
import { codeOf } from "./errors.js";
import type { ServerIdentity } from "./server-identity.js";
import { readTransactionOutcome } from "./statements/read-transaction-outcome.js";

export type CommitOutcome = "committed" | "aborted" | "in progress" | "unknown";

export interface LostCommit {
  readonly xid: string;
  /** The server that the commit was sent to. */
  readonly server: ServerIdentity;
  /** The server that is asked. */
  readonly now: ServerIdentity;
  /** Whether something is there that only that transaction can have written. Default, and `undefined`: nobody can tell. */
  isThere?(): Promise<boolean | undefined>;
}

export async function judgeCommit(session: Session, { xid, server, now, isThere }: LostCommit): Promise<CommitOutcome> {
  // Another cluster, made from a dump of whatever moment: it knows nothing of that transaction.
  if (now.cluster !== server.cluster) return "unknown";
  const said = await readOutcome(session, xid);
  if (said === "aborted" || now.incarnation === server.incarnation) return said;
  if (said === "in progress") return "aborted";
  const isOurs = await isThere?.();
  if (isOurs === undefined) return "unknown";
  return isOurs ? "committed" : "aborted";
}

const INVALID_PARAMETER = "22023";

async function readOutcome(session: Session, xid: string): Promise<CommitOutcome> {
  try {
    const [row] = await session.list(readTransactionOutcome, [xid]);
    return (row?.[0] as CommitOutcome | null | undefined) ?? "unknown";
  } catch (error) {
    // "transaction ID is in the future": the server crashed before it had written a word of it, and has drawn fewer ids since.
    if (codeOf(error) === INVALID_PARAMETER) return "aborted";
    throw error;
  }
}
