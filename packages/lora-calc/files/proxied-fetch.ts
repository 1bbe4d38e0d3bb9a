/** `fetch` through the proxy of the environment, which Node 20's own does not know. */

import type { LookUpOptions } from "lora-calc/hub";
import type { Environment } from "./huggingface-cache.js";

type Fetch = NonNullable<LookUpOptions["fetch"]>;

/** Undefined where the environment names no proxy: the runtime's own serves then. Loaded only where it does. */
export async function proxiedFetch(environment: Environment): Promise<Fetch | undefined> {
  const of = (name: string): string | undefined =>
    environment[name.toLowerCase()] ?? environment[name.toUpperCase()];
  const [httpProxy, httpsProxy, noProxy] = [of("http_proxy"), of("https_proxy"), of("no_proxy")];
  if ((httpProxy ?? "") === "" && (httpsProxy ?? "") === "") return undefined;
  const { EnvHttpProxyAgent, fetch } = await import("undici");
  const dispatcher = new EnvHttpProxyAgent({
    ...(httpProxy === undefined ? {} : { httpProxy }),
    ...(httpsProxy === undefined ? {} : { httpsProxy }),
    ...(noProxy === undefined ? {} : { noProxy }),
  });
  // The two are one implementation: Node's fetch is undici's, with types of its own.
  const proxied = fetch as unknown as (url: string, init: object) => Promise<Response>;
  return (url, init) => proxied(url, { ...init, dispatcher });
}
