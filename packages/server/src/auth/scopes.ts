// Which scopes there are, and what a route asks for.
import { AppError, ConfigurationError, hasScope, type Principal, SCOPES, type Scope } from "@meanwhile/core";
import type { RouteAccess } from "../route.js";

/** Whether it is a scope, or `jobs:submit:<type>`. */
export function isScope(text: string): boolean {
  return (SCOPES as readonly string[]).includes(text) || /^jobs:submit:[A-Za-z][A-Za-z0-9._-]{0,99}$/.test(text);
}

/** @throws ConfigurationError naming the credential and the scope. */
export function requireScopes(credential: string, scopes: readonly string[]): readonly string[] {
  const unknown = scopes.find((scope) => !isScope(scope));
  if (unknown === undefined) return scopes;
  throw new ConfigurationError(
    `${credential}: there is no scope ${JSON.stringify(unknown)}. Scopes are: ${SCOPES.join(", ")}, jobs:submit:<type>.`,
  );
}

/** @throws AppError `forbidden` naming the scope. */
export function requireAccess(principal: Principal, access: Exclude<RouteAccess, "open">): void {
  if (access === "submit" ? maySubmitSomething(principal) : hasScope(principal, access)) return;
  const scope: Scope = access === "submit" ? "jobs:submit" : access;
  throw new AppError("forbidden", { message: `The credentials lack the scope ${scope}.`, details: { scope } });
}

/** The type itself is checked where it is known. */
function maySubmitSomething(principal: Principal): boolean {
  if (hasScope(principal, "jobs:submit")) return true;
  return principal.scopes?.some((scope) => scope.startsWith("jobs:submit:")) ?? false;
}
