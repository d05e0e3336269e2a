// A number that changes when another connection has committed; not with commits of this one.
import { statement } from "./statement.js";

export const readDataVersion = statement<[], { data_version: number }>("pragma data_version");
