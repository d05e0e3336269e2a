// Where the proto files are: found from dist as from the sources, since both stand beside the folder.
import { fileURLToPath } from "node:url";

/** The folder that `import`s of proto files start from: for `includeDirs`, `--proto_path`, `-I`. */
export const PROTO_FOLDER: string = fileURLToPath(new URL("../proto/", import.meta.url));

/** The service and its messages; it imports no other file. */
export const JOBS_PROTO: string = fileURLToPath(new URL("../proto/meanwhile/v2/jobs.proto", import.meta.url));

export const JOBS_SERVICE_NAME = "meanwhile.v2.Jobs";
