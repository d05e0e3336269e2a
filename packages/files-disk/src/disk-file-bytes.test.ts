// Files on a real folder: whole or not at all, whatever happens in between.
import { spawnSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { AppError } from "@meanwhile/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkFilesFolder, createDiskFileBytes } from "./disk-file-bytes.js";
import { identifyThisProcess, writerText } from "./writer.js";

const LARGE = { maxBytes: 100_000_000 };

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "files-disk-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function filesIn(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

describe("write", () => {
  it("keeps a stream of many chunks byte for byte, with its size and digest", async () => {
    const bytes = createDiskFileBytes({ folder });
    const content = Buffer.alloc(3_000_000, "meanwhile ");
    const id = randomUUID();

    const written = await bytes.write(id, Readable.from(chunksOf(content, 60_000)), LARGE);

    expect(written).toEqual({
      sizeBytes: content.length,
      sha256: createHash("sha256").update(content).digest("hex"),
    });
    expect((await buffer(bytes.read(id))).equals(content)).toBe(true);
  });

  it("takes text as UTF-8, bytes, and nothing at all", async () => {
    const bytes = createDiskFileBytes({ folder });
    const [words, raw, empty] = [randomUUID(), randomUUID(), randomUUID()];

    await bytes.write(words, "grün", LARGE);
    await bytes.write(raw, new Uint8Array([1, 2, 3]), LARGE);
    const nothing = await bytes.write(empty, "", LARGE);

    expect(await text(bytes.read(words))).toBe("grün");
    expect([...(await buffer(bytes.read(raw)))]).toEqual([1, 2, 3]);
    expect(nothing.sizeBytes).toBe(0);
    expect(await text(bytes.read(empty))).toBe("");
  });

  it("spreads files over subfolders by the random end of their ids, for this user's eyes only", async () => {
    const bytes = createDiskFileBytes({ folder: join(folder, "made", "on", "demand") });
    const id = "0199c0de-7a10-7c3e-9b0a-3f5d6a1b2cab";

    await bytes.write(id, "x", LARGE);

    const kept = await stat(join(folder, "made", "on", "demand", "ab", id));
    expect(kept.mode & 0o077).toBe(0);
  });

  it("refuses what is larger than allowed, without reading on, and leaves nothing", async () => {
    const bytes = createDiskFileBytes({ folder });
    let handedOut = 0;
    const endless = Readable.from(
      (function* () {
        for (;;) {
          handedOut++;
          yield Buffer.alloc(1_000);
        }
      })(),
    );

    const refusal = bytes.write(randomUUID(), endless, { maxBytes: 10_500 });

    await expect(refusal).rejects.toMatchObject({ code: "payload_too_large", details: { maxBytes: 10_500 } });
    expect(handedOut).toBeLessThan(100);
    expect(await filesIn(folder)).toEqual([]);
  });

  it("takes exactly as much as is allowed", async () => {
    const bytes = createDiskFileBytes({ folder });

    const written = await bytes.write(randomUUID(), "12345", { maxBytes: 5 });

    expect(written.sizeBytes).toBe(5);
  });

  it("leaves nothing when it is aborted in the middle, and stops the source", async () => {
    const bytes = createDiskFileBytes({ folder });
    const abort = new AbortController();
    const source = new PassThrough();
    const writing = bytes.write(randomUUID(), source, { ...LARGE, signal: abort.signal });
    source.write("the first half");
    await appearance(
      () => filesIn(folder),
      (names) => names.length === 1,
    );

    abort.abort();

    await expect(writing).rejects.toMatchObject({ name: "AbortError" });
    expect(source.destroyed).toBe(true);
    expect(await filesIn(folder)).toEqual([]);
  });

  it("leaves nothing when the source breaks off, and passes its error on", async () => {
    const bytes = createDiskFileBytes({ folder });
    const source = new PassThrough();
    const writing = bytes.write(randomUUID(), source, LARGE);
    source.write("the first half");
    await appearance(
      () => filesIn(folder),
      (names) => names.length === 1,
    );

    source.destroy(new Error("the client went away"));

    await expect(writing).rejects.toThrow("the client went away");
    expect(await filesIn(folder)).toEqual([]);
  });

  it("does not take a missing source file for a missing folder", async () => {
    const bytes = createDiskFileBytes({ folder });

    const writing = bytes.write(randomUUID(), createReadStream(join(folder, "missing")), LARGE);

    await expect(writing).rejects.toMatchObject({ code: "ENOENT" });
    expect(await filesIn(folder)).toEqual([]);
  });

  it("shows nothing under the id before the bytes are whole", async () => {
    const bytes = createDiskFileBytes({ folder });
    const id = randomUUID();
    const source = new PassThrough();
    const writing = bytes.write(id, source, LARGE);
    source.write("the first half, ");
    await appearance(
      () => filesIn(folder),
      (names) => names.length === 1,
    );

    await expect(text(bytes.read(id))).rejects.toMatchObject({ code: "file_not_found" });

    source.end("the second half");
    await writing;
    expect(await text(bytes.read(id))).toBe("the first half, the second half");
  });

  it("says that the place is away when the folder cannot be made", async () => {
    const notAFolder = join(folder, "file");
    await writeFile(notAFolder, "");
    const bytes = createDiskFileBytes({ folder: notAFolder });

    const failure = await bytes.write(randomUUID(), "x", LARGE).catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(AppError);
    expect(failure).toMatchObject({ code: "store_unavailable" });
    expect((failure as AppError).message).not.toContain(folder);
  });

  // Only root may mount.
  const tiny = join(tmpdir(), `files-disk-tiny-${process.pid}`);
  it.skipIf(process.getuid?.() !== 0 || process.platform !== "linux")(
    "says that the place is full when it is, and gives the room back",
    async () => {
      await mkdir(tiny, { recursive: true });
      const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", tiny]).status === 0;
      if (!mounted) return;
      try {
        const bytes = createDiskFileBytes({ folder: tiny });

        const failure = bytes.write(randomUUID(), Readable.from(chunksOf(Buffer.alloc(2_000_000), 60_000)), LARGE);

        await expect(failure).rejects.toMatchObject({ code: "store_unavailable", message: /no room/ });
        expect(await filesIn(tiny)).toEqual([]);
        await bytes.write(randomUUID(), Buffer.alloc(500_000), LARGE);
      } finally {
        spawnSync("umount", [tiny]);
        await rm(tiny, { recursive: true });
      }
    },
  );
});

describe("ids", () => {
  it.each(["", "..", "../../etc/passwd", "0199C0DE-7A10-7C3E-9B0A-3F5D6A1B2CAB", `${randomUUID()}/..`, "a\0b"])(
    "refuses %j before it touches the file system",
    async (id) => {
      const bytes = createDiskFileBytes({ folder });

      await expect(bytes.write(id, "x", LARGE)).rejects.toThrow(TypeError);
      await expect(bytes.remove(id)).rejects.toThrow(TypeError);
      expect(() => bytes.read(id)).toThrow(TypeError);
      expect(await filesIn(folder)).toEqual([]);
    },
  );
});

describe("read", () => {
  it("gives a range with both ends inclusive", async () => {
    const bytes = createDiskFileBytes({ folder });
    const id = randomUUID();
    await bytes.write(id, "0123456789", LARGE);

    const middle = await text(bytes.read(id, { start: 2, end: 5 }));

    expect(middle).toBe("2345");
  });

  it("fails as a missing file where the bytes are gone", async () => {
    const bytes = createDiskFileBytes({ folder });

    await expect(text(bytes.read(randomUUID()))).rejects.toMatchObject({ code: "file_not_found" });
  });

  it("closes its file when the reader goes away", async () => {
    const bytes = createDiskFileBytes({ folder });
    const id = randomUUID();
    await bytes.write(id, Buffer.alloc(1_000_000), LARGE);
    const stream = bytes.read(id);
    await once(stream, "readable");

    stream.destroy();

    await once(stream, "close");
    expect(stream.destroyed).toBe(true);
  });
});

describe("remove", () => {
  it("removes the bytes, and is harmless the second time", async () => {
    const bytes = createDiskFileBytes({ folder });
    const id = randomUUID();
    await bytes.write(id, "x", LARGE);

    await bytes.remove(id);
    await bytes.remove(id);

    expect(await filesIn(folder)).toEqual([]);
  });
});

describe("sweep", () => {
  // Elsewhere there is no way to learn when another process started; ids alone decide there.
  it.skipIf(process.platform !== "linux")("removes what a killed process left half-written", async () => {
    const id = randomUUID();
    const killed = spawnSync(process.execPath, [
      "-e",
      `const { mkdirSync, writeFileSync, readFileSync } = require("node:fs");
       const stat = readFileSync("/proc/self/stat", "utf8");
       const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
       mkdirSync(process.argv[1], { recursive: true });
       writeFileSync(process.argv[1] + "/" + process.argv[2] + "." + process.argv[3] + "-" + process.pid + "-" + started + "-1.part", "half");
       process.kill(process.pid, "SIGKILL");`,
      join(folder, id.slice(-2)),
      id,
      (await identifyThisProcess()).place,
    ]);
    expect(killed.signal).toBe("SIGKILL");
    expect(await filesIn(folder)).toHaveLength(1);

    const removed = await createDiskFileBytes({ folder }).sweep();

    expect(removed).toBe(1);
    expect(await filesIn(folder)).toEqual([]);
  });

  it("leaves what a living process is writing, and whole files", async () => {
    const bytes = createDiskFileBytes({ folder });
    await bytes.write(randomUUID(), "whole", LARGE);
    const source = new PassThrough();
    const id = randomUUID();
    const writing = bytes.write(id, source, LARGE);
    source.write("half");
    await appearance(
      () => filesIn(folder),
      (names) => names.length === 2,
    );

    const removed = await createDiskFileBytes({ folder }).sweep();

    expect(removed).toBe(0);
    source.end();
    await writing;
    expect(await text(bytes.read(id))).toBe("half");
  });

  it("tells a process from a later one under the same id", async () => {
    const me = await identifyThisProcess();
    const earlier = `${randomUUID()}.${writerText({ ...me, startedAt: "1" }, 1)}.part`;
    await putPart(earlier);

    expect(await createDiskFileBytes({ folder }).sweep()).toBe(1);
  });

  it("waits a day before it judges what another host left", async () => {
    const bytes = createDiskFileBytes({ folder });
    const foreign = `${randomUUID()}.${writerText({ place: "0123456789ab", pid: 1, startedAt: "1" }, 1)}.part`;
    const path = await putPart(foreign);

    const first = await bytes.sweep();
    const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000);
    await utimes(path, twoDaysAgo, twoDaysAgo);
    const second = await bytes.sweep();

    expect([first, second]).toEqual([0, 1]);
  });

  it("finds nothing in a folder that is not there yet, and leaves foreign files alone", async () => {
    await writeFile(join(folder, "README.part"), "not ours");

    expect(await createDiskFileBytes({ folder: join(folder, "none") }).sweep()).toBe(0);
    expect(await createDiskFileBytes({ folder }).sweep()).toBe(0);
    expect(await readFile(join(folder, "README.part"), "utf8")).toBe("not ours");
  });

  async function putPart(name: string): Promise<string> {
    await mkdir(join(folder, "ab"), { recursive: true });
    await writeFile(join(folder, "ab", name), "half");
    return join(folder, "ab", name);
  }
});

describe("checkFilesFolder", () => {
  it("is content with a folder that can be written, and leaves no trace", async () => {
    expect(await checkFilesFolder(join(folder, "new"))).toBeUndefined();
    expect(await filesIn(folder)).toEqual([]);
  });

  it("says what is wrong and what would do", async () => {
    await writeFile(join(folder, "file"), "");

    expect(await checkFilesFolder(join(folder, "file"))).toMatch(/cannot be written.*name another folder/);
  });
});

function* chunksOf(content: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}

/** Looks at every turn of the event loop until the fact is there. */
async function appearance<T>(look: () => Promise<T>, isThere: (seen: T) => boolean): Promise<T> {
  const giveUpAt = Date.now() + 5_000;
  for (;;) {
    const seen = await look();
    if (isThere(seen)) return seen;
    if (Date.now() > giveUpAt) throw new Error(`Waited 5 s for a fact about files; last seen: ${JSON.stringify(seen)}`);
  }
}
