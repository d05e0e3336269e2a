// Writes that do not wait for the disk leave the file as carefully written as before.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Connection, createConnection } from "./connection.js";
import { loadDriver } from "./driver/load-driver.js";

const [NORMAL, FULL] = [1, 2];
let folder: string;
let connection: Connection;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "meanwhile-connection-"));
  connection = createConnection(loadDriver().open(join(folder, "a.db")));
  connection.driver.exec("pragma journal_mode = wal; pragma synchronous = full; create table notes (text text) strict");
});

afterEach(() => {
  connection.driver.close();
  rmSync(folder, { recursive: true });
});

const synchronous = () => (connection.driver.prepare("pragma synchronous").get() as [number])[0];
const notes = () => connection.driver.prepare("select text from notes").all();

describe("writeUnsynced", () => {
  it("commits without waiting for the disk, and only for its own time", () => {
    const during = connection.writeUnsynced(() => {
      connection.driver.exec("insert into notes values ('a')");
      return synchronous();
    });

    expect(during).toBe(NORMAL);
    expect(synchronous()).toBe(FULL);
    expect(notes()).toEqual([["a"]]);
  });

  it("undoes what failed, and is over then, too", () => {
    const failing = () =>
      connection.writeUnsynced(() => {
        connection.driver.exec("insert into notes values ('a')");
        throw new Error("no");
      });

    expect(failing).toThrow("no");
    expect(synchronous()).toBe(FULL);
    expect(notes()).toEqual([]);
  });

  it("does not make a file that is written less carefully more careful", () => {
    connection.driver.exec("pragma synchronous = normal");

    connection.writeUnsynced(() => connection.driver.exec("insert into notes values ('a')"));

    expect(synchronous()).toBe(NORMAL);
  });
});
