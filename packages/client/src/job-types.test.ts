// What the client's types say, from definitions as a server has them: a wrong call must not compile.
import type { JobDefinition } from "@meanwhile/core";
import { describe, expectTypeOf, it } from "vitest";
import type { AnyJobEvent, Client, createClient, JobHandle } from "./index.js";
import type { TestDefinitions } from "./testing/test-jobs.js";

type Convert = JobDefinition<"files.convert", { file: string; targetFormat: "webp" | "png" }, { file: string }>;
type Report = JobDefinition<"reports.make", Record<string, unknown>, unknown>;

type Submit<Jobs, Type extends string> = Type extends Parameters<Client<Jobs>["submit"]>[0] ? true : false;

describe("a client knows its jobs", () => {
  it("from a list, an object, a module, a union in a list, or one definition", () => {
    type Shapes = [
      readonly [Convert, Report],
      { convert: Convert; report: Report },
      { convert: Convert; report: Report; other: () => void; limit: number },
      (Convert | Report)[],
    ];
    expectTypeOf<Parameters<Client<Shapes[0]>["submit"]>[0]>().toEqualTypeOf<"files.convert" | "reports.make">();
    expectTypeOf<Parameters<Client<Shapes[1]>["submit"]>[0]>().toEqualTypeOf<"files.convert" | "reports.make">();
    expectTypeOf<Parameters<Client<Shapes[2]>["submit"]>[0]>().toEqualTypeOf<"files.convert" | "reports.make">();
    expectTypeOf<Parameters<Client<Shapes[3]>["submit"]>[0]>().toEqualTypeOf<"files.convert" | "reports.make">();
    expectTypeOf<Parameters<Client<Convert>["submit"]>[0]>().toEqualTypeOf<"files.convert">();
    expectTypeOf<Submit<Convert, "files.covert">>().toEqualTypeOf<false>();
  });

  it("from what defineJob really makes", () => {
    type Real = Client<TestDefinitions>;
    expectTypeOf<Parameters<Real["submit"]>[0]>().toEqualTypeOf<
      "test.echo" | "test.fail" | "test.count" | "test.large" | "test.copy"
    >();
    const submit = {} as Real["submit"];
    expectTypeOf(submit<"test.count">).returns.resolves.toEqualTypeOf<JobHandle<{ counted: number }>>();
    // What has a default may be left out by the caller.
    expectTypeOf(submit<"test.count">)
      .parameter(1)
      .toEqualTypeOf<{ upTo: number; gates?: string[] | undefined }>();
    expectTypeOf(submit<"test.copy">).returns.resolves.toEqualTypeOf<JobHandle<{ file: string }>>();
  });

  it("parameters must be given where an empty object does not fit", () => {
    type Rest<Type extends "files.convert" | "reports.make"> = ReturnType<typeof restOf<Type>>;
    const restOf = <Type extends "files.convert" | "reports.make">(type: Type) =>
      [type] as unknown as Parameters<typeof submit<Type>>;
    const submit = {} as Client<[Convert, Report]>["submit"];

    expectTypeOf<["reports.make"]>().toExtend<Rest<"reports.make">>();
    expectTypeOf<["files.convert"]>().not.toExtend<Rest<"files.convert">>();
    expectTypeOf<["files.convert", { file: string; targetFormat: "webp" }]>().toExtend<Rest<"files.convert">>();
    expectTypeOf<["files.convert", { file: string; targetFormat: "gif" }]>().not.toExtend<Rest<"files.convert">>();
  });

  it("results of a batch come in the order of its items", () => {
    const batch = {} as Client<[Convert, Report]>["batch"];
    const call = () =>
      batch([{ type: "files.convert", parameters: { file: "a", targetFormat: "png" } }, { type: "reports.make" }]);
    expectTypeOf(call).returns.resolves.toEqualTypeOf<[JobHandle<{ file: string }>, JobHandle<unknown>]>();
  });

  it("a job by its id has the result of the type that is named", () => {
    const job = {} as Client<[Convert, Report]>["job"];
    expectTypeOf(job<"files.convert">).returns.toEqualTypeOf<JobHandle<{ file: string }>>();
  });

  it("without definitions everything may be submitted, and nothing is known of the result", () => {
    type Untyped = ReturnType<typeof createClient>;
    expectTypeOf<Parameters<Untyped["submit"]>[0]>().toEqualTypeOf<string>();
    expectTypeOf<Awaited<ReturnType<Untyped["submit"]>>>().toEqualTypeOf<JobHandle<unknown>>();
  });

  it("an event's type tells its data", () => {
    const read = (event: AnyJobEvent) => (event.type === "job.progress" ? event.data.progress : undefined);
    expectTypeOf(read).returns.toEqualTypeOf<number | undefined>();
  });
});
