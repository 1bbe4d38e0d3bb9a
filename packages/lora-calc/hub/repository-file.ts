/** One file of a repository, whole or a part of it, and what is said where it cannot be had. */

import { MAX_TEXT_BYTES, parseJson, reject, rejectSize } from "lora-calc";
import type { Problem } from "lora-calc";
import { get, networkProblem, readBody } from "./session.js";
import type { Session } from "./session.js";

/** A place in the Hub. */
export interface Place {
  readonly repository: string;
  readonly revision: string;
}

export interface JsonFile {
  readonly value: unknown;
  /** Commit that the revision means now; undefined where a mirror does not say it. */
  readonly commit: string | undefined;
}

/** A JSON file, or undefined where the repository has none of this name. */
export async function readJson(
  session: Session,
  place: Place,
  file: string,
): Promise<JsonFile | undefined> {
  const response = await get(session, pathOf(place, file));
  if (isAbsent(response)) return undefined;
  await rejectFailure(session, place, response);
  const name = `${file} of ${place.repository}`;
  const { bytes, hasMore } = await readBody(session, response, { limit: MAX_TEXT_BYTES });
  if (hasMore) rejectSize(name);
  const commit = response.headers.get("x-repo-commit") ?? undefined;
  return { value: parseJson(new TextDecoder().decode(bytes), name), commit };
}

export interface FilePart {
  readonly bytes: Uint8Array;
  /** Bytes of the whole file; undefined where the answer does not say it. */
  readonly fileBytes: number | undefined;
}

/** `length` bytes from `start` on, and no more of the file; fewer where it ends. Undefined where there is no such file. */
export async function readPart(
  session: Session,
  place: Place,
  {
    file,
    start,
    length,
  }: { readonly file: string; readonly start: number; readonly length: number },
): Promise<FilePart | undefined> {
  const range = `bytes=${start}-${start + length - 1}`;
  const response = await get(session, pathOf(place, file), range);
  if (isAbsent(response)) return undefined;
  await rejectFailure(session, place, response);
  const isPart = response.status === 206;
  const [, first, total] =
    /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get("content-range") ?? "") ?? [];
  if (isPart && first !== undefined && Number(first) !== start) {
    await response.body?.cancel();
    reject(networkProblem(session, "it sent another part of the file than was asked for"));
  }
  // A server that knows no ranges sends the file from its start.
  const { bytes } = await readBody(session, response, { skip: isPart ? 0 : start, limit: length });
  const whole = isPart ? total : response.headers.get("content-length");
  return { bytes, fileBytes: whole === undefined || whole === null ? undefined : Number(whole) };
}

function pathOf({ repository, revision }: Place, file: string): string {
  return `${repository}/resolve/${encodeURIComponent(revision)}/${file}`;
}

/** The repository is there, and has no file of this name. */
function isAbsent({ status, headers }: Response): boolean {
  return status === 404 && headers.get("x-error-code") === "EntryNotFound";
}

async function rejectFailure(session: Session, place: Place, response: Response): Promise<void> {
  if (response.ok) return;
  await response.body?.cancel();
  reject(problemOf(session, place, response));
}

function problemOf(session: Session, { repository, revision }: Place, response: Response): Problem {
  const { status, headers } = response;
  const code = headers.get("x-error-code");
  const { host } = session.endpoint;
  const page = new URL(repository, session.endpoint).href;
  if (status === 429) {
    const seconds = headers.get("retry-after");
    const wait = seconds === null ? "wait a while" : `wait ${seconds} s`;
    return {
      code: "rate_limited",
      path: "model",
      message: `${host} has had too many requests from here: ${wait}${session.token === undefined ? ", or set HF_TOKEN, which allows more" : ""}`,
      received: repository,
    };
  }
  if (code === "GatedRepo" || status === 403) {
    const mend =
      session.token === undefined
        ? `accept its terms at ${page}, then set HF_TOKEN`
        : `accept its terms at ${page} with the account of the token`;
    return accessProblem(repository, `${repository} is gated: ${mend}`);
  }
  if (code === "RevisionNotFound") {
    return {
      code: "unknown_model",
      path: "model",
      message: `${repository} has no revision ${revision}; its branches and tags stand at ${page}`,
      received: `${repository}@${revision}`,
    };
  }
  // The Hub says 401 of what is private and of what is not there: it does not tell strangers which.
  if (status === 401 || code === "RepoNotFound" || status === 404) {
    return {
      code: "unknown_model",
      path: "model",
      message: `${host} has no model ${repository}, or it is private${session.token === undefined ? " (set HF_TOKEN for those)" : " and the token does not open it"}; look at its spelling`,
      received: repository,
    };
  }
  return networkProblem(session, `it answers ${status}`);
}

function accessProblem(repository: string, what: string): Problem {
  return {
    code: "access_denied",
    path: "model",
    message: `${what}; or give its config.json`,
    received: repository,
  };
}
