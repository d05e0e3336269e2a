// `npm start`: one server with all examples and the demonstration types. Takes the flags of `meanwhile serve`.
import { convertFile, sweepOnce } from "@meanwhile-examples/files";
import { serve } from "meanwhile/serve";
import { demoJobs } from "./demo-jobs.js";
import { exampleLines } from "./example-lines.js";

await sweepOnce();
process.exit(await serve({ jobs: [...demoJobs, convertFile], examples: exampleLines }));
