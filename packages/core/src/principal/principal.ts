// Who is calling, and what that allows (invariant I10).

/** Everything a credential can be allowed. `jobs:submit:<type>` allows one type only. */
export const SCOPES = [
  "jobs:submit",
  "jobs:read",
  "jobs:logs",
  "jobs:cancel",
  "jobs:priority",
  "jobs:admin",
  "webhooks:manage",
  "worker",
] as const;

export type Scope = (typeof SCOPES)[number];

/** A credential without scopes has all but these. */
export const SCOPES_ON_REQUEST: readonly Scope[] = ["jobs:admin", "worker"];

export interface Principal {
  /** Whose jobs, files and keys these are; not the credential's own name. */
  readonly owner: string;
  /** For logs and events: who did it. */
  readonly name: string;
  /** `null`: all but those on request. */
  readonly scopes: readonly string[] | null;
  /** When the credential ends; open streams end with it. */
  readonly expiresAt: number | null;
  /** Which credential it was, for noticing a revocation; `null` where none is needed. */
  readonly credentialId: string | null;
}

/** The one caller of a server without credentials. */
export const LOCAL_PRINCIPAL: Principal = {
  owner: "local",
  name: "local",
  scopes: null,
  expiresAt: null,
  credentialId: null,
};

export function hasScope(principal: Principal, scope: Scope): boolean {
  if (principal.scopes === null) return !SCOPES_ON_REQUEST.includes(scope);
  return principal.scopes.includes(scope);
}

export function maySubmit(principal: Principal, type: string): boolean {
  return hasScope(principal, "jobs:submit") || (principal.scopes?.includes(`jobs:submit:${type}`) ?? false);
}

/** Whether the principal may see what belongs to `owner`. */
export function maySee(principal: Principal, owner: string): boolean {
  return principal.owner === owner || hasScope(principal, "jobs:admin");
}
