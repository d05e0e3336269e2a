// What the system promised to its callers while it was being killed: kept outside, to be held against its log.

export interface SeenEvent {
  readonly jobId: string;
  readonly seq: number;
  readonly type: string;
  readonly at: string;
}

export interface Promises {
  /** Ids that were answered with 2xx. */
  readonly accepted: Set<string>;
  /** Accepted jobs that named a webhook, each with the types of events that it wants. */
  readonly pushed: Map<string, ReadonlySet<string>>;
  /** Each idempotency key, with every id that was ever answered for it. */
  readonly keys: Map<string, Set<string>>;
  /** Cancels that were answered 200. */
  readonly cancelled: Set<string>;
  /** Cancels that were answered 202. */
  readonly cancelRequested: Set<string>;
  /** Events that a reader was shown. */
  readonly seen: SeenEvent[];
  /** Final jobs as a reader was shown them: status and result. */
  readonly finals: Map<string, string>;
  /** Answers that nobody expected. */
  readonly surprises: string[];
}

export function createPromises(): Promises {
  return {
    accepted: new Set(),
    pushed: new Map(),
    keys: new Map(),
    cancelled: new Set(),
    cancelRequested: new Set(),
    seen: [],
    finals: new Map(),
    surprises: [],
  };
}
