// Statements of the user's own run inside our transaction, and cannot end it.
import { describe, expect, it } from "vitest";
import { createConnection } from "./connection.js";
import { loadDriver } from "./driver/load-driver.js";
import { createUserStatements, requireOneStatement } from "./user-statements.js";

function openWithTable() {
  const connection = createConnection(loadDriver().open(":memory:"));
  connection.driver.exec("create table orders (id integer primary key, note any)");
  return { connection, statements: createUserStatements(connection) };
}

describe("a statement to commit", () => {
  it.each([
    "insert into orders (note) values (?)",
    "  update orders set note = 'a;b' -- begin; commit\n",
    "/* pragma */ delete from orders;",
    "with recent as (select 1) insert into orders (note) select * from recent ; -- the end",
    'insert into "orders;" values (1)',
    "insert into [a;b] values (1)",
    "create table if not exists lines (id integer)",
  ])("may be %j", (sql) => {
    expect(() => requireOneStatement(sql)).not.toThrow();
  });

  it.each([
    "begin",
    "COMMIT",
    "  rollback",
    "end",
    "savepoint a",
    "release a",
    "-- insert\npragma synchronous = off",
    "/* insert */ attach 'other.db' as other",
    "detach other",
    "vacuum",
    "",
    ";",
  ])("must not be %j", (sql) => {
    expect(() => requireOneStatement(sql)).toThrow(TypeError);
  });

  it.each([
    "insert into orders (note) values (1); commit",
    "insert into orders (note) values ('a'';b'); rollback",
    "select 1; /* open",
    "select 1 -- a comment ends with its line\n; begin",
  ])("must be one only: %j", (sql) => {
    const refusal = () => requireOneStatement(sql);

    if (sql.startsWith("select 1; /*")) expect(refusal).not.toThrow();
    else expect(refusal).toThrow(/several statements/);
  });

  it("keeps text, numbers, bytes, truth and null as SQLite has them", () => {
    const { connection, statements } = openWithTable();
    const values = ["text", 1.5, 12n, true, null, new Uint8Array([1, 2])];

    statements.run(values.map((value) => ({ sql: "insert into orders (note) values (?)", values: [value] })));

    const kept = connection.driver.prepare("select typeof(note) from orders order by id").all();
    expect(kept).toEqual([["text"], ["real"], ["integer"], ["integer"], ["null"], ["blob"]]);
  });

  it.each([undefined, new Date(0), {}, []])("refuses the value %j, and says which one it is", (value) => {
    const { statements } = openWithTable();

    const run = () => statements.run([{ sql: "insert into orders values (?, ?)", values: [1, value] }]);

    expect(run).toThrow(/Value 2 of a statement to commit is/);
  });

  it("is compiled again where too many different texts came by", () => {
    const { connection, statements } = openWithTable();

    for (let id = 1; id <= 200; id++) statements.run([{ sql: `insert into orders (id) values (${id})`, values: [] }]);

    expect(connection.driver.prepare("select count(*) from orders").get()).toEqual([200]);
  });
});
