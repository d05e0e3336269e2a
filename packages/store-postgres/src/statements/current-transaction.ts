// The id of the transaction that asks: by it the server tells later what became of it.
import { statement } from "./statement.js";

export const currentTransaction = statement<[], [xid: string]>(
  "current_transaction",
  "select pg_current_xact_id()::text",
);
