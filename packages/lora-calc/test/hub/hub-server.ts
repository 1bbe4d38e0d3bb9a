/**
 * A Hub on this machine: `/OWNER/NAME/resolve/REVISION/FILE` with ranges, commits, error codes and redirects to another host,
 * as huggingface.co answers (huggingface_hub file_download.py, utils/_http.py; hf.co/docs/hub/api).
 */

import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const COMMIT = "a".repeat(40);

/** A file: its bytes, or its first bytes and a size of which nothing else is there. */
export interface ServedFile {
  readonly bytes: Uint8Array;
  readonly size?: number;
  /** Answered by a redirect to the storage host. */
  readonly isStored?: boolean;
  /** The server knows no ranges. */
  readonly isWhole?: boolean;
  /** The connection breaks after so many bytes. */
  readonly breaksAfter?: number;
  /** Nothing is sent. */
  readonly hangs?: boolean;
}

export interface ServedRepository {
  readonly files: Readonly<Record<string, ServedFile>>;
  readonly revisions?: readonly string[];
  /** Answers everything with this status and `x-error-code`. */
  readonly refuses?: {
    readonly status: number;
    readonly code?: string;
    readonly retryAfter?: string;
  };
  /** Opened by this token alone. */
  readonly token?: string;
  /** Its new name. */
  readonly movedTo?: string;
}

/** One request, as it came. */
interface Asked {
  readonly host: "hub" | "storage";
  readonly url: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
  /** Bytes of the body that were written. */
  sent: number;
}

export interface HubServer {
  readonly endpoint: string;
  readonly asked: Asked[];
  readonly close: () => Promise<void>;
}

export function json(value: unknown): ServedFile {
  return { bytes: new TextEncoder().encode(JSON.stringify(value)) };
}

/** The start of a safetensors file with this header; `length` lies about it. */
export function safetensors(header: unknown, length?: number): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length ?? text.length), true);
  bytes.set(text, 8);
  return bytes;
}

export async function serveHub(
  repositories: Readonly<Record<string, ServedRepository>>,
): Promise<HubServer> {
  const asked: Asked[] = [];
  const storage = await listen((request, response) => {
    const one = note(asked, "storage", request);
    const [, name = "", file = ""] = /^\/(.+?)\/-\/(.+?)(?:\?|$)/.exec(request.url ?? "") ?? [];
    const found = repositories[name]?.files[file];
    if (found === undefined) response.writeHead(404).end();
    else send(one, found, request, response);
  });
  const hub = await listen((request, response) => {
    const one = note(asked, "hub", request);
    answer(repositories, one, request, response, storage.address);
  });
  return {
    endpoint: hub.address,
    asked,
    close: async () => {
      await Promise.all([hub, storage].map(({ server }) => stop(server)));
    },
  };
}

function answer(
  repositories: Readonly<Record<string, ServedRepository>>,
  one: Asked,
  request: IncomingMessage,
  response: ServerResponse,
  storage: string,
): void {
  const path = /^\/([\w.-]+(?:\/[\w.-]+)?)\/resolve\/([^/]+)\/(.+)$/.exec(request.url ?? "");
  const [, name = "", revision = "", file = ""] = path ?? [];
  const repository = repositories[name];
  const refuse = (status: number, code: string): void => {
    response.writeHead(status, { "x-error-code": code }).end(`{"error":"${code}"}`);
  };
  if (repository === undefined) {
    refuse(401, "RepoNotFound");
    return;
  }
  const { refuses, movedTo, token, revisions = ["main", COMMIT], files } = repository;
  if (refuses !== undefined) {
    if (refuses.retryAfter !== undefined) response.setHeader("retry-after", refuses.retryAfter);
    {
      refuse(refuses.status, refuses.code ?? "");
      return;
    }
  }
  if (token !== undefined && one.authorization !== `Bearer ${token}`) {
    refuse(401, "GatedRepo");
    return;
  }
  if (movedTo !== undefined) {
    response.writeHead(307, { location: `/${movedTo}/resolve/${revision}/${file}` }).end();
    return;
  }
  if (!revisions.includes(decodeURIComponent(revision))) {
    refuse(404, "RevisionNotFound");
    return;
  }
  const found = files[file];
  if (found === undefined) {
    refuse(404, "EntryNotFound");
    return;
  }
  response.setHeader("x-repo-commit", COMMIT);
  if (found.isStored === true) {
    response.writeHead(302, { location: `${storage}/${name}/-/${file}?Signature=secret` }).end();
    return;
  }
  send(one, found, request, response);
}

function send(
  one: Asked,
  file: ServedFile,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { bytes, size = bytes.length, isWhole = false, breaksAfter, hangs = false } = file;
  if (hangs) return;
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  const isPart = first !== undefined && !isWhole;
  const from = isPart ? Number(first) : 0;
  const to = isPart ? Math.min(Number(last) + 1, size) : size;
  response.writeHead(isPart ? 206 : 200, {
    "content-length": to - from,
    ...(isPart ? { "content-range": `bytes ${from}-${to - 1}/${size}` } : {}),
  });
  // What lies behind the bytes that there are is zeros, written for as long as somebody reads.
  let at = from;
  const write = (): void => {
    while (at < to) {
      if (breaksAfter !== undefined && one.sent >= breaksAfter) {
        response.destroy();
        return;
      }
      const some = bytes.subarray(at, Math.min(to, at + (breaksAfter ?? 65_536)));
      const part = some.length > 0 ? some : new Uint8Array(Math.min(65_536, to - at));
      at += part.length;
      one.sent += part.length;
      if (!response.write(part)) {
        response.once("drain", write);
        return;
      }
    }
    response.end();
  };
  response.on("error", () => undefined);
  write();
}

function note(asked: Asked[], host: Asked["host"], { url = "", headers }: IncomingMessage): Asked {
  const one = { host, url, range: headers.range, authorization: headers.authorization, sent: 0 };
  asked.push(one);
  return one;
}

interface Listening {
  readonly server: Server;
  readonly address: string;
}

async function listen(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Listening> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { server, address: `http://127.0.0.1:${port}` };
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
