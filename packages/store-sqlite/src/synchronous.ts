// A part of the storage port as this store does its work: SQLite answers in the same turn.

/** The same methods without promises. A host on another thread could stand where the work queue stands now. */
export type Synchronous<Part> = {
  readonly [Method in keyof Part]: Part[Method] extends (...values: infer Values) => Promise<infer Result>
    ? (...values: Values) => Result
    : never;
};
