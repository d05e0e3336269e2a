// What the client learns from the server's definitions, in types only: which job types there are, what each takes and gives.

/** As much of a job definition as types need; the definitions of `defineJob` fit. */
export interface JobShape {
  readonly type: string;
  readonly $types?: { readonly parameters: unknown; readonly result: unknown };
}

/** Where nothing is known of the server's jobs: any type, any parameters, an unknown result. */
export type AnyJobs = readonly JobShape[];

/** The definitions among whatever was exported: a list, an object (or the module itself), or a single definition. */
export type DefinitionOf<Jobs> = unknown extends Jobs
  ? JobShape
  : Jobs extends JobShape
    ? Jobs
    : Jobs extends readonly (infer Item)[]
      ? Extract<Item, JobShape>
      : Extract<Jobs[keyof Jobs], JobShape>;

export type JobTypeOf<Jobs> = DefinitionOf<Jobs>["type"];

/** What a submit of this type takes. */
export type ParametersOf<Jobs, Type extends string> = TypesOf<Jobs, Type> extends { parameters: infer P } ? P : unknown;

/** What a completed job of this type gives. */
export type ResultOf<Jobs, Type extends string> = TypesOf<Jobs, Type> extends { result: infer R } ? R : unknown;

type TypesOf<Jobs, Type extends string> = NonNullable<MatchOf<DefinitionOf<Jobs>, Type>["$types"]>;

/** A definition whose type is known as `string` only matches every name. */
type MatchOf<Definition extends JobShape, Type extends string> = Definition extends unknown
  ? Type extends Definition["type"]
    ? Definition
    : never
  : never;

/** Parameters may be left out where an empty object fits. */
export type ParametersArgument<Parameters, Options> =
  Record<never, never> extends Parameters
    ? [parameters?: Parameters, options?: Options]
    : [parameters: Parameters, options?: Options];
