// The secrets that sendings are signed with: made here, kept by the store.
import type { IdSource } from "../ids.js";
import type { ClaimedDelivery } from "../store/delivery-store.js";
import type { SecretStore } from "../store/secret-store.js";

/** A new secret of Standard Webhooks: 32 random bytes. */
export function newWebhookSecret(ids: IdSource): string {
  const bytes = [ids.token(), ids.token()].map((token) => Buffer.from(token, "base64url"));
  return `whsec_${Buffer.concat(bytes).toString("base64")}`;
}

export interface OwnerSecrets {
  /** The owner's own secret, made at first use by whichever process asks first. */
  of(owner: string): Promise<string>;
}

/** Owners have few bytes each; what is forgotten is read again. */
const REMEMBERED_OWNERS = 10_000;

export function createOwnerSecrets({ secrets, ids }: { secrets: SecretStore; ids: IdSource }): OwnerSecrets {
  const known = new Map<string, string>();
  return {
    async of(owner) {
      const remembered = known.get(owner);
      if (remembered !== undefined) return remembered;
      const secret = await secrets.ensure(`webhooks:${owner}`, newWebhookSecret(ids));
      if (known.size >= REMEMBERED_OWNERS) known.clear();
      known.set(owner, secret);
      return secret;
    },
  };
}

/** Whom to sign for, newest first: the endpoint's, else the job's own, else the owner's. */
export async function secretsOf(delivery: ClaimedDelivery, owners: OwnerSecrets): Promise<readonly string[]> {
  if (delivery.endpoint !== null) return delivery.endpoint.secrets;
  return [delivery.secret ?? (await owners.of(delivery.owner))];
}
