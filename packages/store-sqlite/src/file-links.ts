// Which jobs name which files, and how many jobs name each.
import type { Connection } from "./connection.js";
import { countLink } from "./statements/count-link.js";
import { deleteJobFiles } from "./statements/delete-job-files.js";
import { linkFile } from "./statements/link-file.js";
import { releaseJobFiles } from "./statements/release-job-files.js";

export interface FileLinks {
  /** Files that do not exist or belong to another owner are passed over. */
  add(job: { number: number; owner: string }, fileIds: readonly string[]): void;
  /** The job names nothing any more. */
  release(job: number): void;
}

export function createFileLinks(connection: Connection): FileLinks {
  const link = connection.query(linkFile);
  const count = connection.query(countLink);
  const releaseFiles = connection.query(releaseJobFiles);
  const deleteLinks = connection.query(deleteJobFiles);
  return {
    add({ number, owner }, fileIds) {
      for (const fileId of fileIds) if (Number(link.run([number, fileId, owner]).changes) === 1) count.run([fileId]);
    },
    release(job) {
      releaseFiles.run([job]);
      deleteLinks.run([job]);
    },
  };
}
