// The program that the end-to-end tests start: the command line's `serve`, with the jobs of the tests.
import { serve } from "meanwhile/serve";
import { jobs } from "./jobs.js";

process.exit(await serve({ jobs }));
