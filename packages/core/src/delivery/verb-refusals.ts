// What the verbs of webhooks answer when they will not do what was asked.
import { missingScope } from "../engine/refusals.js";
import { AppError } from "../errors.js";
import { hasScope, type Principal } from "../principal/principal.js";

/** @throws AppError `forbidden`. */
export function requireManage(principal: Principal): void {
  if (!hasScope(principal, "webhooks:manage")) throw missingScope("webhooks:manage");
}

export function notFound(what: string, id: string): AppError {
  return new AppError("not_found", { message: `There is no such ${what}.`, details: { id } });
}

export function endpointDisabled(): AppError {
  return new AppError("conflict", { message: "The endpoint is disabled or gone. Enable it first." });
}

export function waitsBehindAnother(): AppError {
  return new AppError("conflict", {
    message: "The delivery waits for an earlier one of its job, which goes first. Retry that one.",
  });
}
