// The plans that the speed rests on: a batch goes from its items to the rows, one by one, and never walks a table that grows.
import { readdirSync } from "node:fs";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connectionConfig } from "./database.js";
import { resolvePostgresStoreOptions } from "./options.js";
import { listDeliveries } from "./statements/list-deliveries.js";
import { LIST_FILTERS, type ListFilter, listJobs } from "./statements/list-jobs.js";
import { describeOnServer, openMigrated, SERVER_URL } from "./testing/server.js";

const folder = new URL("./statements/", import.meta.url);
const statements = await Promise.all(
  readdirSync(folder).map(async (file) => {
    const exported: Record<string, unknown> = await import(new URL(file, folder).href);
    return Object.values(exported).filter(isStatement);
  }),
).then((files) => files.flat());

function isStatement(value: unknown): value is { name: string; sql: string } {
  return typeof value === "object" && value !== null && "sql" in value && "name" in value;
}

/** Those whose tables stay small, or are read whole on purpose. */
const MAY_SCAN = /meanwhile_(list_api_keys|revoke_api_key|lock_wanted_events|find_migrations)$/;

/** Tables that grow with what was ever done. */
const GROWING =
  /meanwhile_(submissions|jobs|events|deliveries|delivery_bodies|job_logs|job_files|files|tombstones|idempotency_keys|turns|raised_lanes)$/;

const BATCHES = [
  "claim_jobs",
  "lock_changing_jobs",
  "update_jobs",
  "move_leased_jobs",
  "extend_lease",
  "extend_leases",
  "set_readiness",
  "pass_turns",
  "take_deliveries",
  "settle_deliveries",
  "promote_deliveries",
  "read_job_events",
  "read_log",
];

interface Plan {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Cond"?: string;
  readonly Plans?: readonly Plan[];
}

describeOnServer("the generic plan of every statement, on new tables that nobody has analyzed", () => {
  let opened: Awaited<ReturnType<typeof openMigrated>>;
  let client: pg.Client;
  beforeAll(async () => {
    opened = await openMigrated();
    client = new pg.Client(connectionConfig(resolvePostgresStoreOptions({ url: SERVER_URL, schema: opened.schema })));
    await client.connect();
    await client.query("set plan_cache_mode = force_generic_plan");
  });
  afterAll(async () => {
    await client.end();
    await opened.close();
  });

  const planOf = async ({ name, sql }: { name: string; sql: string }): Promise<readonly Plan[]> => {
    await client.query(`prepare ${name} as ${sql}`);
    const { rows } = await client.query<[number]>({
      text: "select coalesce(array_length(parameter_types, 1), 0) from pg_prepared_statements where name = $1",
      values: [name],
      rowMode: "array",
    });
    const values = Array.from({ length: rows[0]![0] }, () => "null").join();
    const explained = await client.query<[[{ Plan: Plan }]]>({
      text: `explain (format json) execute ${name}${values === "" ? "" : `(${values})`}`,
      rowMode: "array",
    });
    await client.query(`deallocate ${name}`);
    return nodesOf(explained.rows[0]![0][0]!.Plan);
  };

  it("is looked at for all of them", () => {
    expect(statements.length).toBeGreaterThan(70);
  });

  it.each(statements.filter(({ name }) => !MAY_SCAN.test(name)))("$name walks no growing table", async (statement) => {
    const plan = await planOf(statement);

    expect(
      plan.filter((node) => node["Node Type"] === "Seq Scan" && GROWING.test(node["Relation Name"] ?? "")),
    ).toEqual([]);
  });

  it.each(BATCHES)("%s goes from the items to the rows by an index", async (name) => {
    const plan = await planOf(statements.find((each) => each.name === `meanwhile_${name}`)!);

    const walks = plan.filter((node) => /Index/.test(node["Node Type"]) && GROWING.test(node["Relation Name"] ?? ""));
    expect(walks.length).toBeGreaterThan(0);
    expect(walks.filter((node) => node["Index Cond"] === undefined)).toEqual([]);
  });

  it("a claim walks the ready jobs in their order, and sorts nothing", async () => {
    const plan = await planOf(statements.find(({ name }) => name === "meanwhile_claim_jobs")!);

    expect(plan.filter((node) => /Sort|Hash/.test(node["Node Type"]))).toEqual([]);
  });

  it("a list is bounded by its range of numbers, whatever it is filtered by", async () => {
    const filters = Object.keys(LIST_FILTERS) as ListFilter[];
    for (const picked of [[], filters]) {
      for (const of of ["all", "owned"] as const) {
        const plan = await planOf(listJobs(of, picked));
        expect(
          plan.filter((node) => node["Node Type"] === "Seq Scan" && GROWING.test(node["Relation Name"] ?? "")),
        ).toEqual([]);
      }
    }
    expect((await planOf(listDeliveries("owner", ["status"]))).some((node) => node["Node Type"] === "Seq Scan")).toBe(
      false,
    );
  });
});

function nodesOf(plan: Plan): readonly Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}
