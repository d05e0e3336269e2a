// The plans that the speed rests on: no statement ever walks a table whose size is unbounded.
import { readdirSync } from "node:fs";
import { systemClock } from "@meanwhile/core";
import { afterAll, describe, expect, it } from "vitest";
import { createConnection } from "./connection.js";
import { loadDriver } from "./driver/load-driver.js";
import { migrate } from "./migrate.js";
import { MIGRATIONS } from "./migrations/index.js";
import {
  DELIVERY_FILTERS,
  type DeliveryFilterName,
  type DeliveryWalk,
  findDeliveryFloor,
  listDeliveries,
} from "./statements/list-deliveries.js";
import { LIST_FILTERS, type ListFilter, listJobs } from "./statements/list-jobs.js";

const database = loadDriver().open(":memory:");
migrate(createConnection(database), { file: ":memory:", clock: systemClock, migrations: MIGRATIONS });
afterAll(() => database.close());

const folder = new URL("./statements/", import.meta.url);
const statements = await Promise.all(
  readdirSync(folder).map(async (file) => {
    const exported: Record<string, unknown> = await import(new URL(file, folder).href);
    return Object.entries(exported).flatMap(([name, value]) => (isStatement(value) ? [{ name, sql: value.sql }] : []));
  }),
).then((files) => files.flat().filter(({ sql }) => !/^\s*(create|pragma)/.test(sql)));

/** Each line of the plan, for instance `SEARCH meanwhile_jobs USING INDEX …`. */
function planOf(sql: string): readonly string[] {
  const parameters = sql
    .split("?")
    .slice(1)
    .map(() => null);
  const rows = database.prepare(`explain query plan ${sql}`).all(...parameters) as [number, number, number, string][];
  return rows.map(([, , , line]) => line);
}

function isStatement(value: unknown): value is { sql: string } {
  return typeof value === "object" && value !== null && "sql" in value && typeof value.sql === "string";
}

/** Walks that end at once: small tables, and an index of which only the first entry is read. */
const SHORT_WALKS: Readonly<Record<string, string>> = {
  findLastPosition: "SCAN meanwhile_store",
  findInterest: "SCAN meanwhile_job_webhooks",
  findMigrations: "SCAN meanwhile_migrations",
  listApiKeys: "SCAN meanwhile_api_keys",
  revokeApiKey: "SCAN meanwhile_api_keys USING INDEX meanwhile_api_keys_name",
  findNextRunAt: "SCAN meanwhile_jobs USING COVERING INDEX meanwhile_jobs_delayed",
};

describe("the plan of every statement", () => {
  it("finds all of them", () => {
    expect(statements.length).toBeGreaterThan(50);
  });

  it.each(statements)("$name walks no table from end to end", ({ sql, name }) => {
    const walks = planOf(sql).filter((line) => /^SCAN (meanwhile_|jobs|events|lines|links)/.test(line));

    expect(walks.filter((line) => line !== SHORT_WALKS[name])).toEqual([]);
  });

  it.each(statements.filter(({ name }) => name !== "listApiKeys"))("$name sorts nothing", ({ sql }) => {
    expect(planOf(sql).filter((line) => line.includes("TEMP B-TREE"))).toEqual([]);
  });
});

describe("the cost of every statement", () => {
  it.each(statements)("$name is not planned anew for each limit", ({ sql }) => {
    expect(sql).not.toMatch(/\b(limit|offset) \?(?! \+ 0)/);
  });
});

describe("the plan of a claim", () => {
  it("is one range of the waiting index, whatever is finished, delayed or of another type", () => {
    const { sql } = statements.find(({ name }) => name === "findReadyJobs")!;

    expect(planOf(sql)).toEqual(["SEARCH meanwhile_jobs USING INDEX meanwhile_jobs_waiting (type=? AND readiness=?)"]);
  });

  it("leases by number", () => {
    const { sql } = statements.find(({ name }) => name === "leaseJobs")!;

    expect(planOf(sql)[0]).toBe("SEARCH meanwhile_jobs USING INTEGER PRIMARY KEY (rowid=?)");
  });
});

describe("the plan of a list", () => {
  const filters = Object.keys(LIST_FILTERS) as ListFilter[];
  const cases = [[], filters, ...filters.map((filter) => [filter])];

  it.each(cases.map((picked) => ({ picked })))(
    "of all jobs with $picked is a bounded range of numbers",
    ({ picked }) => {
      const plan = planOf(listJobs("all", picked).sql);

      expect(plan[0]).toBe("SEARCH meanwhile_jobs USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)");
      expect(plan.join()).not.toContain("TEMP B-TREE");
    },
  );

  it.each(cases.map((picked) => ({ picked })))("of one owner with $picked is a bounded range too", ({ picked }) => {
    const plan = planOf(listJobs("owned", picked).sql);

    expect(plan[0]).toBe("SEARCH meanwhile_jobs USING INDEX meanwhile_jobs_owner (owner=? AND rowid>? AND rowid<?)");
    expect(plan.join()).not.toContain("TEMP B-TREE");
  });
});

describe("the plan of a claim of deliveries", () => {
  const planOfStatement = (name: string) => planOf(statements.find((each) => each.name === name)!.sql);

  it("goes to the lanes in which something is due, and to what is due in each: never to what is finished or waits", () => {
    expect(planOfStatement("findLanes").filter((step) => step.includes("meanwhile_"))).toEqual([
      "SEARCH meanwhile_delivery_lanes USING COVERING INDEX meanwhile_delivery_lanes_due (channel=?)",
    ]);
    expect(planOfStatement("findDueDeliveries")).toEqual([
      "SEARCH meanwhile_deliveries USING COVERING INDEX meanwhile_deliveries_due (lane=? AND due_at<?)",
    ]);
  });

  it("asks an index whether anybody wants an event, and matches from the jobs to the endpoints", () => {
    expect(planOfStatement("findInterest").join()).toContain(
      "SEARCH meanwhile_wanted_events USING PRIMARY KEY (event=?)",
    );
    expect(planOfStatement("matchEndpoints").slice(0, 4)).toEqual([
      "SCAN wanted VIRTUAL TABLE INDEX 1:",
      "SEARCH jobs USING INTEGER PRIMARY KEY (rowid=?)",
      "SEARCH wishes USING PRIMARY KEY (event=? AND owner=?)",
      "SEARCH endpoints USING INTEGER PRIMARY KEY (rowid=?)",
    ]);
  });
});

describe("the plan of a list of deliveries", () => {
  const filters = Object.keys(DELIVERY_FILTERS) as DeliveryFilterName[];
  const walks: readonly { walk: DeliveryWalk; index: string }[] = [
    { walk: "all", index: "USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)" },
    { walk: "owner", index: "USING INDEX meanwhile_deliveries_owner (owner=? AND rowid>? AND rowid<?)" },
    { walk: "jobId", index: "USING INDEX meanwhile_deliveries_job (job_id=? AND rowid>? AND rowid<?)" },
    { walk: "endpointId", index: "USING INDEX meanwhile_deliveries_endpoint (endpoint_id=? AND rowid>? AND rowid<?)" },
  ];

  it.each(walks)("by $walk is a bounded range of it, whatever else is asked for", ({ walk, index }) => {
    const ownFilter = filters.filter((filter) => filter !== walk);
    for (const picked of [[], ownFilter, ...ownFilter.map((filter) => [filter])]) {
      expect(planOf(listDeliveries(walk, picked).sql)).toEqual([`SEARCH deliveries ${index}`]);
    }
    expect(planOf(findDeliveryFloor(walk).sql)).toHaveLength(1);
    expect(planOf(findDeliveryFloor(walk).sql)[0]).toMatch(/^SEARCH meanwhile_deliveries USING/);
  });
});
