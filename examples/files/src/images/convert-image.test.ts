import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { type TargetFormat, targetsOf } from "../formats.js";
import { convertBytes, failureOf, namedAs } from "../testing/conversions.js";
import { readPdf } from "../testing/pdf-text.js";

const RASTERS = ["png", "jpeg", "webp", "avif", "gif", "tiff"] as const;

/** Left half red, right half blue. */
function twoHalves({ width = 32, height = 16 } = {}) {
  const blue = { width: width / 2, height, channels: 3 as const, background: "blue" };
  return sharp({ create: { width, height, channels: 3, background: "red" } })
    .composite([{ input: { create: blue }, left: width / 2, top: 0 }])
    .png()
    .toBuffer()
    .then((bytes) => sharp(bytes));
}

async function pixelAt(bytes: Buffer, left: number, top: number): Promise<readonly number[]> {
  const { data } = await sharp(bytes)
    .removeAlpha()
    .toColourspace("srgb")
    .extract({ left, top, width: 1, height: 1 })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return [...data];
}

function expectNear(actual: readonly number[], expected: readonly number[]): void {
  for (const [index, value] of expected.entries()) expect(Math.abs((actual[index] ?? -999) - value)).toBeLessThan(40);
}

async function pngSaying(width: number, height: number): Promise<Buffer> {
  const png = await sharp({ create: { width: 1, height: 1, channels: 3, background: "red" } })
    .png()
    .toBuffer();
  png.writeUInt32BE(width, 16);
  png.writeUInt32BE(height, 20);
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
  return png;
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

async function animation(frames: number): Promise<Buffer> {
  const colours = ["red", "lime", "blue"];
  const images = await Promise.all(
    Array.from({ length: frames }, (_, index) =>
      sharp({ create: { width: 8, height: 8, channels: 3, background: colours[index % 3]! } })
        .png()
        .toBuffer(),
    ),
  );
  return sharp(images, { join: { animated: true } })
    .gif()
    .toBuffer();
}

describe("images", () => {
  for (const source of RASTERS) {
    for (const target of RASTERS.filter((format) => format !== source)) {
      it(`${source} becomes ${target} with the same picture`, async () => {
        const bytes = await (await twoHalves()).toFormat(source).toBuffer();

        const converted = await convertBytes(namedAs(source, bytes), target);

        const { format, width, height } = await sharp(converted.bytes).metadata();
        expect({ format, width, height }).toEqual({
          format: target === "avif" ? "heif" : target,
          width: 32,
          height: 16,
        });
        expectNear(await pixelAt(converted.bytes, 4, 8), [255, 0, 0]);
        expectNear(await pixelAt(converted.bytes, 28, 8), [0, 0, 255]);
      });
    }
  }

  it("offers every raster format and pdf for svg, and svg for none", () => {
    expect(targetsOf("svg")).toEqual([...RASTERS, "pdf"]);
    expect(targetsOf("png")).not.toContain("svg" as TargetFormat);
  });

  it("draws an svg", async () => {
    const svg = `<?xml version="1.0"?><!-- a drawing --><svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><rect width="20" height="10" fill="#0f0"/></svg>`;

    const { bytes, mediaType, name } = await convertBytes({ name: "a.b.svg", bytes: svg }, "png");

    expect(await sharp(bytes).metadata()).toMatchObject({ format: "png", width: 20, height: 10 });
    expect(await pixelAt(bytes, 10, 5)).toEqual([0, 255, 0]);
    expect({ mediaType, name }).toEqual({ mediaType: "image/png", name: "a.b.png" });
  });

  it("does not let an svg read files of the machine", async () => {
    const secret = await sharp({ create: { width: 20, height: 10, channels: 3, background: "red" } })
      .png()
      .toBuffer();
    const { mkdtemp, rm, writeFile } = await import("node:fs/promises");
    const folder = await mkdtemp("/tmp/svg-secret-");
    await writeFile(`${folder}/secret.png`, secret);
    const reference = `${folder}/secret.png`;
    const svg = `<!DOCTYPE svg [<!ENTITY secret SYSTEM "file:///etc/hostname">]><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="20" height="10"><rect width="20" height="10" fill="#0f0"/><image width="20" height="10" href="file://${reference}"/><image width="20" height="10" xlink:href="${reference}"/></svg>`;

    const { bytes } = await convertBytes(namedAs("svg", svg), "png");

    expect(await pixelAt(bytes, 10, 5)).toEqual([0, 255, 0]);
    await rm(folder, { recursive: true });
  });

  it("refuses an svg whose entities multiply", async () => {
    const levels = Array.from(
      { length: 12 },
      (_, level) => `<!ENTITY e${level + 1} "${`&e${level};`.repeat(10)}">`,
    ).join("");
    const svg = `<!DOCTYPE svg [<!ENTITY e0 "ha">${levels}]><svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><text>&e12;</text></svg>`;

    expect(await failureOf(convertBytes(namedAs("svg", svg), "png"))).toMatchObject({ code: "corrupt_file" });
  });

  it("keeps the frames of an animation where the target has frames", async () => {
    const source = namedAs("gif", await animation(3));

    const moving = await convertBytes(source, "webp");
    const still = await convertBytes(source, "png");

    expect((await sharp(moving.bytes, { pages: -1 }).metadata()).pages).toBe(3);
    expect(await sharp(still.bytes).metadata()).toMatchObject({ width: 8, height: 8 });
    expect(moving.notes).toEqual([]);
    expect(still.notes).toEqual(["Of 3 frames or pages, png holds the first."]);
  });

  it("turns a photo upright and drops where it was taken", async () => {
    const bytes = await (await twoHalves())
      .withExif({ IFD0: { Copyright: "Ada" } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();

    const converted = await convertBytes(namedAs("jpeg", bytes), "png");

    const facts = await sharp(converted.bytes).metadata();
    expect(facts).toMatchObject({ width: 16, height: 32 });
    expect(facts.exif).toBeUndefined();
  });

  it("puts white behind transparency in a jpeg", async () => {
    const clear = await sharp({ create: { width: 8, height: 8, channels: 4, background: "#00000000" } })
      .png()
      .toBuffer();

    const { bytes } = await convertBytes(namedAs("png", clear), "jpeg");

    expect(await pixelAt(bytes, 4, 4)).toEqual([255, 255, 255]);
  });

  it("makes a pdf page of the image's own size", async () => {
    const bytes = await (await twoHalves({ width: 192, height: 96 })).png().toBuffer();

    const converted = await convertBytes(namedAs("png", bytes), "pdf");

    const pages = await readPdf(converted.bytes);
    expect(pages).toHaveLength(1);
    expect(pages[0]!.widthPoints).toBeCloseTo(144, 0);
    expect(pages[0]!.heightPoints).toBeCloseTo(72, 0);
  });

  it("makes a pdf page of each page of a tiff, and says which one it is at", async () => {
    const page = await (await twoHalves()).png().toBuffer();
    const tiff = await sharp([page, page, page], { join: { animated: true } })
      .tiff()
      .toBuffer();

    const converted = await convertBytes(namedAs("tiff", tiff), "pdf");

    expect(await readPdf(converted.bytes)).toHaveLength(3);
    expect(converted.progress).toContainEqual({
      fraction: 1 / 3,
      message: "Converting page 2 of 3",
      steps: { currentStep: 2, totalSteps: 3 },
    });
  });
});

describe("images that cannot be converted", () => {
  it("judges by content: a jpeg named png is a jpeg", async () => {
    const jpeg = await (await twoHalves()).jpeg().toBuffer();

    const failure = await failureOf(convertBytes({ name: "photo.png", bytes: jpeg }, "jpeg"));

    expect(failure.code).toBe("unsupported_conversion");
    expect(failure.message).toContain("whatever its name says, jpeg");
  });

  it.each([
    [
      "half of a png",
      async () =>
        (await (await twoHalves({ width: 400, height: 400 })).png({ compressionLevel: 0 }).toBuffer()).subarray(
          0,
          9000,
        ),
    ],
    [
      "half of a jpeg",
      async () =>
        (await (await twoHalves({ width: 400, height: 400 })).jpeg({ quality: 100 }).toBuffer()).subarray(0, 1500),
    ],
    ["the header of a gif", async () => Buffer.from("GIF89a")],
  ])("says that %s is damaged", async (_, make) => {
    const bytes = await make();

    expect(await failureOf(convertBytes({ name: "x", bytes }, "webp"))).toMatchObject({ code: "corrupt_file" });
  });

  it("refuses a small file that claims a huge picture, for every kind of target", async () => {
    const bomb = namedAs("png", await pngSaying(60_000, 60_000));

    for (const target of ["webp", "pdf"] as const) {
      expect(await failureOf(convertBytes(bomb, target))).toMatchObject({ code: "too_many_pixels" });
    }
  });

  it("counts the frames of an animation together", async () => {
    const gif = await animation(28);
    gif.writeUInt16LE(1_900, 6);
    gif.writeUInt16LE(1_900, 8);

    expect(await failureOf(convertBytes(namedAs("gif", gif), "webp"))).toMatchObject({ code: "too_many_pixels" });
  });

  it("refuses a drawing that asks for a huge canvas", async () => {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="20000" height="20000"><rect width="9" height="9"/></svg>`;

    expect(await failureOf(convertBytes(namedAs("svg", svg), "png"))).toMatchObject({ code: "too_many_pixels" });
  });

  it("names the longest side that webp can hold", async () => {
    const long = await sharp({ create: { width: 17_000, height: 1, channels: 3, background: "red" } })
      .png()
      .toBuffer();

    const failure = await failureOf(convertBytes(namedAs("png", long), "webp"));

    expect(failure).toMatchObject({ code: "side_too_long", message: expect.stringContaining("16383") });
  });
});
