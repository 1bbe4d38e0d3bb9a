/** Requests to the Hub: bounded in size and time, and the token for its host alone. */

import { reject } from "lora-calc";
import type { Problem } from "lora-calc";

export interface SessionOptions {
  /** Address of the Hub, or of a mirror that speaks its protocol. */
  readonly endpoint?: string;
  /** For gated and private repositories. It is sent to the host of the endpoint, and never to another. */
  readonly token?: string;
  /** Stands in for the runtime's `fetch`, as one that goes through a proxy does. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** All requests together. Unit: milliseconds. */
  readonly timeout?: number;
  /** Told what is being read: nobody should wonder for longer than a second. */
  readonly onProgress?: (text: string) => void;
}

const HUB = "https://huggingface.co";
/** For config.json, an index, and a header for each of its files, over a slow line. */
const TIMEOUT = 60_000;
const MAX_REDIRECTS = 5;

/** What all requests of one look-up share. */
export interface Session {
  readonly endpoint: URL;
  readonly token: string | undefined;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly deadline: AbortSignal;
  readonly progress: (text: string) => void;
}

export function openSession(options: SessionOptions): Session {
  const { endpoint = HUB, token, timeout = TIMEOUT, onProgress } = options;
  return {
    endpoint: endpointOf(endpoint),
    token: token === undefined || token === "" ? undefined : token,
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    deadline: AbortSignal.timeout(timeout),
    progress: onProgress ?? (() => undefined),
  };
}

function endpointOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  reject({
    code: "invalid_value",
    path: "",
    message: `the endpoint of the Hub is no address: ${text}; HF_ENDPOINT takes one like ${HUB}`,
    received: text,
    expected: HUB,
  });
}

/**
 * The answer to a GET. With a token redirects are followed here, for the token stays with the endpoint; without one there is
 * nothing to keep, and the runtime follows them.
 */
export async function get(session: Session, path: string, range?: string): Promise<Response> {
  const { endpoint, token } = session;
  let url = new URL(path, endpoint.href.endsWith("/") ? endpoint : `${endpoint.href}/`);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const isOurs = url.origin === endpoint.origin;
    const response = await ask(session, url, {
      headers: {
        // A header is read by its place in the file, which compression would move.
        ...(range === undefined ? {} : { Range: range, "Accept-Encoding": "identity" }),
        ...(token !== undefined && isOurs ? { Authorization: `Bearer ${token}` } : {}),
      },
      redirect: token === undefined ? "follow" : "manual",
      credentials: "omit",
    });
    const location = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || location === null) return response;
    await response.body?.cancel();
    if (!URL.canParse(location, url.href)) break;
    url = new URL(location, url);
  }
  reject(networkProblem(session, `it redirects more than ${MAX_REDIRECTS} times`));
}

async function ask(session: Session, url: URL, init: RequestInit): Promise<Response> {
  try {
    return await session.fetch(url.href, { ...init, signal: session.deadline });
  } catch (error) {
    reject(networkProblem(session, reasonOf(session, error)));
  }
}

/** Of a stream, in words that every runtime's types agree with. */
interface Reader {
  readonly read: () => Promise<{ readonly value?: Uint8Array | undefined }>;
  readonly cancel: () => Promise<void>;
}

/** At most `limit` bytes of a body from `skip` on; the rest is not read. */
export async function readBody(
  session: Session,
  response: Response,
  { skip = 0, limit }: { readonly skip?: number; readonly limit: number },
): Promise<{ readonly bytes: Uint8Array; readonly hasMore: boolean }> {
  const bytes = new Uint8Array(limit);
  let passed = 0;
  let filled = 0;
  let hasMore = false;
  const reader: Reader | undefined = response.body?.getReader();
  try {
    for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
      const chunk = part.value.subarray(Math.min(part.value.length, Math.max(0, skip - passed)));
      passed += part.value.length;
      const taken = chunk.subarray(0, limit - filled);
      bytes.set(taken, filled);
      filled += taken.length;
      hasMore = taken.length < chunk.length;
      if (hasMore) break;
    }
  } catch (error) {
    reject(networkProblem(session, reasonOf(session, error)));
  } finally {
    await reader?.cancel().catch(() => undefined);
  }
  return { bytes: bytes.subarray(0, filled), hasMore };
}

function reasonOf({ deadline }: Session, error: unknown): string {
  if (deadline.aborted) return "it took too long";
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : undefined;
  const reasons: Readonly<Record<string, string>> = {
    ENOTFOUND: "its name has no address",
    EAI_AGAIN: "its name has no address",
    ECONNREFUSED: "nothing listens there",
    ECONNRESET: "the connection broke",
    UND_ERR_SOCKET: "the answer ended early",
    UND_ERR_CONNECT_TIMEOUT: "it does not answer",
    CERT_HAS_EXPIRED: "its certificate has expired",
    SELF_SIGNED_CERT_IN_CHAIN:
      "its certificate is not trusted (NODE_EXTRA_CA_CERTS names further ones)",
  };
  if (code === undefined) return "no answer came, or not all of it";
  return reasons[code] ?? `no answer came, or not all of it (${code})`;
}

/** Why nothing came from the Hub: by its host alone, for an address may carry a signature. */
export function networkProblem({ endpoint }: Session, reason: string): Problem {
  return {
    code: "network_error",
    path: "model",
    message: `${endpoint.host} could not be asked: ${reason}; try again, or give the config.json of the model`,
    received: endpoint.host,
  };
}
