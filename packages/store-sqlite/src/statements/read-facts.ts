// What the health check tells about the file.
import { statement } from "./statement.js";

export type FactsRow = [
  sqliteVersion: string,
  journalMode: string,
  synchronous: number,
  pageCount: number,
  pageSize: number,
  freelistCount: number,
];

export const readFacts = statement<[], FactsRow>(`
  select sqlite_version() as sqlite_version, journal_mode, synchronous, page_count, page_size, freelist_count
    from pragma_journal_mode, pragma_synchronous, pragma_page_count, pragma_page_size, pragma_freelist_count`);
