// The part of the storage port that keeps API keys, as hashes only.

export interface ApiKeyRecord {
  readonly id: string;
  /** Unique among the keys that are not revoked. */
  readonly name: string;
  readonly owner: string;
  /** SHA-256 of the whole key, lower-case hexadecimal. */
  readonly hash: string;
  /** Empty: all scopes but `jobs:admin` and `worker`. */
  readonly scopes: readonly string[];
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
}

export interface ApiKeyStore {
  /** @throws AppError `conflict` where a key of that name is there and not revoked, be it expired or not. */
  insert(key: ApiKeyRecord): Promise<void>;
  /** The key, also where it is revoked or expired: core judges. */
  findByHash(hash: string): Promise<ApiKeyRecord | undefined>;
  /** All keys, oldest first, revoked and expired ones too. */
  list(): Promise<readonly ApiKeyRecord[]>;
  /** Sets `revokedAt`. @returns `false` where no key of that id or name is there that is not revoked. */
  revoke(idOrName: string, options: { at: number }): Promise<boolean>;
}
