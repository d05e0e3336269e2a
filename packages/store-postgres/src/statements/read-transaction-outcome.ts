// What became of a transaction: 'committed', 'aborted', 'in progress', or null where it is too long ago.
import { statement } from "./statement.js";

export const readTransactionOutcome = statement<[xid: string], [outcome: string | null]>(
  "read_transaction_outcome",
  "select pg_xact_status($1::text::xid8)",
);
