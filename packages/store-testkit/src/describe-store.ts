// The whole suite for one store.
import type { Store } from "@meanwhile/core";
import { afterEach, beforeEach, describe, it } from "vitest";
import { describeRandomSequences } from "./random/random-sequences.js";
import type { Capability, SkippedCapability, StoreFactory } from "./store-factory.js";
import { describeApiKeys } from "./suite/api-keys.js";
import { describeBatchGroups } from "./suite/batch-groups.js";
import { describeCancelWish } from "./suite/cancel-wish.js";
import { describeClaim } from "./suite/claim.js";
import { describeCommit } from "./suite/commit.js";
import { describeCounts } from "./suite/counts.js";
import { describeDelayed } from "./suite/delayed.js";
import { describeDeliveries } from "./suite/deliveries.js";
import { describeDue } from "./suite/due.js";
import { describeEvents } from "./suite/events.js";
import { describeFairness } from "./suite/fairness.js";
import { describeFiles } from "./suite/files.js";
import { describeGlobalConcurrency } from "./suite/global-concurrency.js";
import { describeInsert } from "./suite/insert.js";
import { describeLargeBatches } from "./suite/large-batches.js";
import { describeLeases } from "./suite/leases.js";
import { describeLifecycle } from "./suite/lifecycle.js";
import { describeList } from "./suite/list.js";
import { describeLogLines } from "./suite/log-lines.js";
import { describeOrderOfTurns } from "./suite/order-of-turns.js";
import { describePayloads } from "./suite/payloads.js";
import { describePurge } from "./suite/purge.js";
import { describeSecondConnection } from "./suite/second-connection.js";
import { describeSecrets } from "./suite/secrets.js";
import { describeUserStatements } from "./suite/user-statements.js";

export interface DescribeStoreOptions {
  /** What this store lacks, each with the reason. Default: nothing. */
  skip?: readonly SkippedCapability[];
}

/** What the topics of the suite work with; `store` is a new one in every test. */
export interface Given {
  readonly store: Store;
  readonly factory: StoreFactory;
}

/**
 * Declares the conformance tests of a store: every promise of the port's docstrings, then random command sequences in
 * step with the memory store.
 *
 * @example describeStore("sqlite", { open: openInNewFolder, close: closeAndRemove });
 */
export function describeStore(name: string, factory: StoreFactory, { skip = [] }: DescribeStoreOptions = {}): void {
  const where = (capability: Capability, declare: () => void): void => {
    const skipped = skip.find((entry) => entry.capability === capability);
    if (skipped === undefined) declare();
    else it.skip(`${capability}: ${skipped.reason}`);
  };

  describe(`store ${name}`, () => {
    let opened: Store;
    beforeEach(async () => {
      opened = await factory.open();
    });
    afterEach(async () => {
      await factory.close(opened);
    });
    const given: Given = {
      factory,
      get store() {
        return opened;
      },
    };

    describeInsert(given);
    describeBatchGroups(given);
    describeClaim(given);
    describeFairness(given);
    describeGlobalConcurrency(given);
    describeCommit(given);
    describeLargeBatches(given);
    describeCancelWish(given);
    where("userStatements", () => describeUserStatements(given));
    describeLeases(given);
    describeDelayed(given);
    describeOrderOfTurns(given);
    describeDue(given);
    describeCounts(given);
    describeList(given);
    describeEvents(given);
    describeLogLines(given);
    describeFiles(given);
    describeApiKeys(given);
    describeSecrets(given);
    describeDeliveries(given);
    describePurge(given);
    describePayloads(given);
    describeLifecycle(given);
    where("secondConnection", () => describeSecondConnection(given));
    describeRandomSequences(given);
  });
}
