// Whether a credential still holds: for open streams, which end with theirs, and for tickets, which die with theirs.
//
// 1. One timer and one look-up serve every stream of the process, however many there are.
// 2. While the store cannot be asked, nobody's streams end but those of credentials whose own end has come.
import type { ApiKeyRecord, ApiKeyStore, Clock, Logger, Principal } from "@meanwhile/core";

export interface LiveCredentials {
  /**
   * Calls back once when the credential has expired or is revoked, at most 15 s after it happened.
   *
   * @returns ends the watching; may be called twice.
   */
  watch(principal: Principal, onEnd: () => void): () => void;
  /** Whether the credential holds, as it was known at most 15 s ago. @throws AppError `store_unavailable`. */
  isAlive(principal: Principal): Promise<boolean>;
}

export interface LiveCredentialsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: ApiKeyStore | undefined;
  /** Ids of the credentials that stand in the configuration: they hold as long as the process lives. */
  readonly configured: ReadonlySet<string>;
  /** Whether callers need credentials by now; those without any lose their streams then. */
  isClosed(): boolean | Promise<boolean>;
}

/** In the place of a credential's id: whoever came without any, to a server that asked for none. */
export const OPEN_SERVER = "open";

/** The contract gives 60 s; a request may have come in on an answer that was up to 30 s old. */
const LOOK_EVERY_MS = 15_000;

type Keys = ReadonlyMap<string, ApiKeyRecord>;

interface Watched {
  readonly principal: Principal;
  readonly ends: Set<() => void>;
}

export function createLiveCredentials(options: LiveCredentialsOptions): LiveCredentials {
  const { clock, logger } = options;
  const watched = new Map<string, Watched>();
  const keys = rememberKeys(options);
  let cancelTimer: (() => void) | undefined;

  const tick = async () => {
    let known: Keys | undefined;
    let isClosed = false;
    try {
      [known, isClosed] = await Promise.all([keys.read(), options.isClosed()]);
    } catch (error) {
      logger.warn({ err: error }, "looking up the credentials of open streams failed; it is tried again");
    }
    for (const [name, { principal, ends }] of watched) {
      if (holds(principal, { now: clock.now(), known, isClosed, configured: options.configured })) continue;
      watched.delete(name);
      for (const end of ends) end();
    }
    arm();
  };

  const arm = () => {
    cancelTimer?.();
    cancelTimer = undefined;
    if (watched.size > 0) cancelTimer = clock.after(LOOK_EVERY_MS, () => void tick());
  };

  return {
    watch(principal, onEnd) {
      const name = nameOf(principal);
      const group = watched.get(name) ?? { principal, ends: new Set() };
      // A closure of its own, so that the same function may be handed in twice.
      const end = () => onEnd();
      group.ends.add(end);
      watched.set(name, group);
      if (cancelTimer === undefined) arm();
      return () => {
        if (!group.ends.delete(end) || group.ends.size > 0) return;
        if (watched.get(name) === group) watched.delete(name);
        if (watched.size === 0) arm();
      };
    },
    async isAlive(principal) {
      const { configured } = options;
      const { credentialId } = principal;
      const isKept = credentialId !== null && credentialId !== OPEN_SERVER && !configured.has(credentialId);
      const known = isKept ? await keys.holding(credentialId) : undefined;
      return holds(principal, { now: clock.now(), known, isClosed: await options.isClosed(), configured });
    },
  };
}

interface Facts {
  readonly now: number;
  /** `undefined`: they could not be looked up. */
  readonly known: Keys | undefined;
  readonly isClosed: boolean;
  readonly configured: ReadonlySet<string>;
}

function holds({ credentialId, expiresAt }: Principal, { now, known, isClosed, configured }: Facts): boolean {
  if (expiresAt !== null && expiresAt <= now) return false;
  // A token of an issuer holds until it expires; whoever came without any, until any are asked for.
  if (credentialId === OPEN_SERVER) return !isClosed;
  if (credentialId === null) return expiresAt !== null || !isClosed;
  if (configured.has(credentialId)) return true;
  if (known === undefined) return true;
  const key = known.get(credentialId);
  return key !== undefined && key.revokedAt === null && (key.expiresAt === null || key.expiresAt > now);
}

/** Principals of one credential differ by nothing that matters here. */
function nameOf({ credentialId, expiresAt }: Principal): string {
  return `${credentialId ?? ""} ${expiresAt ?? ""}`;
}

interface RememberedKeys {
  /** As they are now. */
  read(): Promise<Keys>;
  /** As they were a moment ago; read again where the one in question is not among them. */
  holding(id: string): Promise<Keys>;
}

function rememberKeys({ store, clock }: LiveCredentialsOptions): RememberedKeys {
  let kept: Keys = new Map();
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<Keys> | undefined;

  const readStore = async (): Promise<Keys> => {
    const startedAt = clock.now();
    const records = store === undefined ? [] : await store.list();
    kept = new Map(records.map((record) => [record.id, record]));
    readAt = startedAt;
    return kept;
  };
  const read = (): Promise<Keys> => {
    reading ??= readStore().finally(() => {
      reading = undefined;
    });
    return reading;
  };

  return {
    read,
    async holding(id) {
      const age = clock.now() - readAt;
      return kept.has(id) && age >= 0 && age < LOOK_EVERY_MS ? kept : read();
    },
  };
}
