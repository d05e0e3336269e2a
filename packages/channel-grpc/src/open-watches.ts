// The watches that are open: so many per owner, each ended with its credential, all of them ended when the server drains.
import type { AppError, Principal } from "@meanwhile/core";
import { credentialEnded, tooManyWatches } from "./refusals.js";

export interface OpenWatches {
  /** @returns lets go of the watch. @throws AppError `rate_limited` where the owner has too many. */
  hold(principal: Principal, end: (reason: AppError) => void): () => void;
  endAll(reason: AppError): void;
  readonly count: number;
}

export interface OpenWatchesOptions {
  readonly perOwner: number;
  /** Calls back once when the credential has expired or was revoked. @returns ends the looking. */
  readonly watchCredential: (principal: Principal, onEnd: () => void) => () => void;
}

export function createOpenWatches({ perOwner, watchCredential }: OpenWatchesOptions): OpenWatches {
  const open = new Set<(reason: AppError) => void>();
  const counts = new Map<string, number>();
  return {
    hold({ owner, ...rest }, end) {
      const count = counts.get(owner) ?? 0;
      if (count >= perOwner) throw tooManyWatches(perOwner);
      counts.set(owner, count + 1);
      open.add(end);
      const unwatch = watchCredential({ owner, ...rest }, () => end(credentialEnded()));
      return () => {
        unwatch();
        open.delete(end);
        const left = counts.get(owner)! - 1;
        if (left === 0) counts.delete(owner);
        else counts.set(owner, left);
      };
    },
    endAll(reason) {
      for (const end of open) end(reason);
    },
    get count() {
      return open.size;
    },
  };
}
