// Files up and down, against a real server.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createClient } from "../index.js";
import { type RealServer, startRealServer } from "../testing/real-server.js";
import type { TestDefinitions } from "../testing/test-jobs.js";

const clientOf = ({ url }: RealServer) => createClient<TestDefinitions>({ baseUrl: url });

describe("files", () => {
  const folderOf = async () => {
    const folder = await mkdtemp(join(tmpdir(), "meanwhile-files-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    return folder;
  };

  it("go up from anywhere and come down with their names", async () => {
    const client = clientOf(await startRealServer());
    const path = join(await folderOf(), "a text.txt");
    await writeFile(path, "from a path");

    const files = [
      await client.upload(new Blob(["from a blob"], { type: "text/plain" }), { name: 'ü"x.txt' }),
      await client.upload(new Blob(["from a stream"]).stream(), { name: "s.bin", mediaType: "application/x-own" }),
      await client.upload(new TextEncoder().encode("from bytes")),
      await client.upload(path),
    ];
    const downloads = await Promise.all(files.map(({ id }) => client.download(id)));

    expect(downloads.map(({ name }) => name)).toEqual(['ü"x.txt', "s.bin", "file", "a text.txt"]);
    expect(downloads[1]?.mediaType).toBe("application/x-own");
    expect(await Promise.all(downloads.map((file) => file.text()))).toEqual([
      "from a blob",
      "from a stream",
      "from bytes",
      "from a path",
    ]);
  });

  it("a path that leads to no file is named", async () => {
    const client = clientOf(await startRealServer());
    const folder = await folderOf();

    await expect(client.upload(join(folder, "gone.txt"))).rejects.toThrow(/ENOENT: .*gone\.txt/);
    await expect(client.upload(folder)).rejects.toThrow(`upload: ${JSON.stringify(folder)} is no file.`);
  });

  it("a job's result that is a file is its id, and saved with one call", async () => {
    const client = clientOf(await startRealServer());
    const { id } = await client.upload(new Blob(["abc"]));
    const target = join(await folderOf(), "copy.txt");

    const { file } = await (await client.submit("test.copy", { file: id })).result();
    await (await client.download(file)).saveTo(target);

    expect(await readFile(target, "utf8")).toBe("abc");
  });

  it("bytes that were taken once cannot be taken again, and a file that is not there says so", async () => {
    const client = clientOf(await startRealServer());
    const download = await client.download((await client.upload(new Blob(["abc"]))).id);
    await download.text();

    expect(() => download.stream()).toThrow("have been taken already");
    await expect(client.download("0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d")).rejects.toMatchObject({
      code: "file_not_found",
    });
  });
});
