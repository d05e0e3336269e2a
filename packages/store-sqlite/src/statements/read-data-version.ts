// A number that changes when another connection has committed; not with commits of this one.
import { statement } from "./statement.js";

export const readDataVersion = statement<[], [dataVersion: number]>("pragma data_version");
