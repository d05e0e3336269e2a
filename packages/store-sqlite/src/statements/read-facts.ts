// What the health check tells about the file.
import { statement } from "./statement.js";

export interface FactsRow {
  readonly sqlite_version: string;
  readonly journal_mode: string;
  readonly synchronous: number;
  readonly page_count: number;
  readonly page_size: number;
  readonly freelist_count: number;
}

export const readFacts = statement<[], FactsRow>(`
  select sqlite_version() as sqlite_version, journal_mode, synchronous, page_count, page_size, freelist_count
    from pragma_journal_mode, pragma_synchronous, pragma_page_count, pragma_page_size, pragma_freelist_count`);
