// The suites that every channel calls, also those of other packages. Only tests import them; they are not published.
export * from "./pull-service.js";
export * from "./pull-suite.js";
export * from "./push-suite.js";
