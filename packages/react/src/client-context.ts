// The client that the components of a page share.
import type { Client } from "@meanwhile/client";
import { createContext, createElement, type ReactNode, useContext } from "react";

type AnyClient = Pick<Client, "job">;

const ClientContext = createContext<AnyClient | undefined>(undefined);

/** Gives the client to every `useJob` below. */
export function MeanwhileProvider({ client, children }: { client: AnyClient; children?: ReactNode }): ReactNode {
  return createElement(ClientContext.Provider, { value: client }, children);
}

export function useOptionalClient(): AnyClient | undefined {
  return useContext(ClientContext);
}

/**
 * The client of the page, with the types that it was made with.
 *
 * @throws TypeError outside of `MeanwhileProvider`.
 * @example const client = useClient<Client<typeof jobs>>();
 */
export function useClient<C extends AnyClient = Client>(): C {
  const client = useOptionalClient();
  if (client !== undefined) return client as C;
  throw new TypeError("useClient: there is no client here. Wrap the page in MeanwhileProvider.");
}
