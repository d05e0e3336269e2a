// Which pages a browser may let call: those of the server's own address, and those that are listed.
export interface OriginOptions {
  readonly allowedOrigins: ReadonlySet<string>;
  /** The address of the server, empty where none is configured. */
  readonly linkBase: string;
}

/**
 * @param origin As the browser sends it; `null` stands for pages that have none, and is nobody's own.
 * @param host   The Host header of the same request.
 */
export function isAllowedOrigin(origin: string, host: string, { allowedOrigins, linkBase }: OriginOptions): boolean {
  if (origin === `http://${host}` || origin === `https://${host}` || allowedOrigins.has(origin)) return true;
  // Behind a proxy the Host may be another than the one that pages know.
  return linkBase !== "" && origin === new URL(linkBase).origin;
}
