// Random command sequences in step with the memory store.
import type { Given } from "../describe-store.js";

export function describeRandomSequences(_given: Given): void {}
