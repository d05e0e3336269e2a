// The conformance suite of meanwhile's stores, and the builders and clocks that tests share.
export * from "./builders.js";
export * from "./describe-store.js";
export * from "./manual-clock.js";
export * from "./store-factory.js";
export * from "./waiting.js";
