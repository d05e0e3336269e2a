// What goes wrong with a message becomes a problem document; what went wrong on our side goes to the log as well.
import { type AppError, type IdSource, type Logger, toProblem, toShownError } from "@meanwhile/core";
import type { Problem } from "@meanwhile/protocol";

export interface ProblemParts {
  readonly ids: IdSource;
  readonly logger: Logger;
  readonly linkBase: string;
}

/** @param what Which message it was: its operation or destination; empty where that is not known. */
export function describeProblem(
  thrown: unknown,
  what: string,
  { ids, logger, linkBase }: ProblemParts,
): { error: AppError; problem: Problem } {
  const requestId = ids.uuid();
  const { error, internal } = toShownError(thrown, requestId);
  if (internal !== undefined)
    logger.error({ err: internal, requestId, what }, "a WebSocket message could not be served");
  const problem = toProblem(error, {
    instance: what === "" ? "/websocket" : `/websocket#${what}`,
    traceId: requestId.replaceAll("-", ""),
    linkBase,
  });
  return { error, problem };
}
