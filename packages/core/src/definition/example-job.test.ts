import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createCatalog } from "./catalog.js";
import { defineJob } from "./define-job.js";
import { findExampleJob } from "./example-job.js";

const jobOf = (type: string, parameters: z.ZodType) => defineJob({ type, parameters, run: () => null });

describe("the example of a job", () => {
  it("holds what is required, and nothing else", async () => {
    const parameters = z.object({
      name: z.string(),
      size: z.int().min(3),
      kind: z.enum(["a", "b"]),
      deep: z.object({ on: z.boolean(), off: z.boolean().optional() }),
      lines: z.array(z.string()),
      tries: z.number().default(2),
    });

    const example = await findExampleJob(createCatalog([jobOf("report", parameters)]));

    expect(example).toEqual({
      type: "report",
      parameters: { name: "example", size: 3, kind: "a", deep: { on: true }, lines: [] },
    });
  });

  it("is of a later type where the first ones ask for what nobody can make up", async () => {
    const catalog = createCatalog([
      jobOf("of.a.file", z.object({ file: z.uuid() })),
      jobOf("of.a.form", z.object({ code: z.string().regex(/^[A-Z]{3}$/) })),
      jobOf(
        "of.a.check",
        z.object({ even: z.int() }).refine(({ even }) => even % 2 === 0),
      ),
      jobOf(
        "of.a.throw",
        z.object({ list: z.array(z.string()) }).refine(({ list }) => list[0]!.length > 0),
      ),
      jobOf("of.nothing", z.object({})),
    ]);

    expect(await findExampleJob(catalog)).toEqual({ type: "of.nothing", parameters: {} });
    expect(await findExampleJob(createCatalog(catalog.definitions.slice(0, 4)))).toBeUndefined();
  });
});
