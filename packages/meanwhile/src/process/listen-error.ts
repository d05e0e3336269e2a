// Why a server could not listen, as one sentence with what would do.
import { CliError } from "../cli/cli-error.js";

export interface Place {
  readonly host: string;
  readonly port: number;
  /** The flag and the variable that choose the port. Default: those of the API. */
  readonly portSetting?: string;
}

export const GRPC_PORT_SETTING = "--grpc-port or MEANWHILE_GRPC_PORT";
const API_PORT_SETTING = "--port or MEANWHILE_PORT";

/** @returns the error to show; errors that are not about listening come back as they are. */
export function toListenError(error: unknown, place: Place): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const sentence = code === undefined ? undefined : SENTENCES[code]?.(place);
  return sentence === undefined ? error : new CliError("usage", sentence, { cause: error });
}

const SENTENCES: Readonly<Record<string, (place: Place) => string>> = {
  EADDRINUSE: ({ host, port, portSetting = API_PORT_SETTING }) =>
    `Port ${port} of ${host} is taken by another program. Stop it, or choose another port with ${portSetting} (0 takes any that is free).`,
  EACCES: ({ port, portSetting = API_PORT_SETTING }) =>
    `Port ${port} needs rights that this user does not have. Choose one from 1024 up with ${portSetting}.`,
  EADDRNOTAVAIL: notOurs,
  ENOTFOUND: notOurs,
  EAI_AGAIN: notOurs,
  EINVAL: notOurs,
};

function notOurs({ host }: Place): string {
  return `"${host}" is no address of this machine. Choose one with --host or MEANWHILE_HOST: 127.0.0.1 for this machine only, 0.0.0.0 for every network.`;
}
