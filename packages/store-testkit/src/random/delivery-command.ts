// What a random sequence of deliveries is made of. Small numbers everywhere: collisions are what is looked for.
import type { Sent } from "@meanwhile/core";
import type { JobEventType } from "@meanwhile/protocol";
import fc, { type Arbitrary } from "fast-check";

/** Members that point at something count back from the newest there is, and go round. */
export type DeliveryCommand =
  | { kind: "addEndpoint"; owner: string; events: readonly JobEventType[]; types: readonly string[] | null }
  | { kind: "changeEndpoint"; endpoint: number; enabled: boolean; events: readonly JobEventType[]; url: string }
  | { kind: "removeEndpoint"; endpoint: number }
  | { kind: "submit"; owner: string; type: string; webhook: readonly JobEventType[] | null; born: boolean }
  | { kind: "finish"; job: number; how: "complete" | "retry" }
  | { kind: "claim"; limit: number; perLane: number; perOwner: number; leaseMs: number; full: readonly number[] }
  | { kind: "settle"; held: readonly number[]; outcome: Sent["outcome"] }
  | { kind: "handBack"; held: readonly number[] }
  | { kind: "advance"; ms: number }
  | { kind: "requeue"; delivery: number }
  | { kind: "recover"; endpoint: number; limit: number; backMs: number }
  | { kind: "stop"; endpoint: number; limit: number }
  | { kind: "prune"; ageMs: number; limit: number };

const oneOf = <T>(...values: readonly T[]): Arbitrary<T> => fc.constantFrom(...values);
const newest = (count: number): Arbitrary<number> => fc.nat({ max: count - 1 });
const some = (count: number): Arbitrary<number[]> => fc.array(newest(6), { minLength: 1, maxLength: count });
const of = <K extends DeliveryCommand["kind"]>(
  kind: K,
  members: {
    [Member in Exclude<keyof Extract<DeliveryCommand, { kind: K }>, "kind">]: Arbitrary<
      Extract<DeliveryCommand, { kind: K }>[Member]
    >;
  },
): Arbitrary<DeliveryCommand> =>
  fc.record({ kind: fc.constant(kind), ...members }) as unknown as Arbitrary<DeliveryCommand>;

const owner = oneOf("acme", "acme", "globex");
const events: Arbitrary<readonly JobEventType[]> = oneOf<readonly JobEventType[]>(
  ["job.completed"],
  ["job.started", "job.completed"],
  ["job.submitted", "job.started", "job.retrying", "job.completed"],
);
const limit = oneOf(1, 2, 5);

export const deliveryCommand: Arbitrary<DeliveryCommand> = fc.oneof(
  { weight: 2, arbitrary: of("addEndpoint", { owner, events, types: oneOf(null, null, ["report"]) }) },
  {
    weight: 2,
    arbitrary: of("changeEndpoint", {
      endpoint: newest(3),
      enabled: fc.boolean(),
      events,
      url: oneOf("https://a.example/x", "https://b.example/x"),
    }),
  },
  { weight: 1, arbitrary: of("removeEndpoint", { endpoint: newest(3) }) },
  {
    weight: 6,
    arbitrary: of("submit", { owner, type: oneOf("report", "letter"), webhook: fc.option(events), born: fc.boolean() }),
  },
  { weight: 5, arbitrary: of("finish", { job: newest(5), how: oneOf("complete", "complete", "retry") }) },
  {
    weight: 8,
    arbitrary: of("claim", {
      limit,
      perLane: oneOf(1, 2, 5),
      perOwner: oneOf(1, 3, 100),
      leaseMs: oneOf(20, 100),
      full: fc.array(newest(4), { maxLength: 2 }),
    }),
  },
  {
    weight: 8,
    arbitrary: of("settle", { held: some(3), outcome: oneOf("accepted", "accepted", "failed", "gone", "refused") }),
  },
  { weight: 1, arbitrary: of("handBack", { held: some(2) }) },
  { weight: 4, arbitrary: of("advance", { ms: oneOf(1, 10, 50, 120) }) },
  { weight: 3, arbitrary: of("requeue", { delivery: newest(8) }) },
  { weight: 1, arbitrary: of("recover", { endpoint: newest(3), limit, backMs: oneOf(10, 100, 1_000) }) },
  { weight: 1, arbitrary: of("stop", { endpoint: newest(3), limit }) },
  { weight: 1, arbitrary: of("prune", { ageMs: oneOf(0, 50, 200), limit }) },
);
