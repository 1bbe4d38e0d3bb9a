/** What was found on the Hub, by its commit: headers are read once. */

import { mkdir, readdir, readFile, rename, stat, unlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { isObject, MAX_TEXT_BYTES } from "lora-calc";
import type { FoundModel } from "lora-calc/hub";
import type { Environment } from "./huggingface-cache.js";

/** Models that are kept, the latest; a header of 300 tensors takes 40 kB. */
const MAX_KEPT = 100;

function folderOf({ XDG_CACHE_HOME }: Environment): string {
  return join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "lora-calc", "hub");
}

function fileOf(repository: string, key: string): string {
  return `${repository.replace("/", "--")}@${key.replace(/[^\w.-]/g, "_")}.json`;
}

/** What was read of a commit, or what a revision last meant (`main`). A broken file is none. */
export async function readFound(
  repository: string,
  key: string,
  environment: Environment,
): Promise<FoundModel | undefined> {
  const path = join(folderOf(environment), fileOf(repository, key));
  try {
    const { size } = await stat(path);
    if (size > 2 * MAX_TEXT_BYTES) return undefined;
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    if (typeof value === "string") return await readFound(repository, value, environment);
    return isFound(value, repository) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isFound(value: unknown, repository: string): value is FoundModel {
  if (!isObject(value) || value["repository"] !== repository) return false;
  return isObject(value["model"]) && isObject(value["model"]["config"]);
}

/** Keeps a model by its commit, and the commit by the revision that was asked for. Where nothing can be written, nothing is kept. */
export async function keepFound(
  found: FoundModel,
  revision: string,
  environment: Environment,
): Promise<void> {
  const { repository, commit } = found;
  if (commit === undefined || found.model === undefined) return;
  const folder = folderOf(environment);
  try {
    await mkdir(folder, { recursive: true });
    await write(folder, fileOf(repository, commit), found);
    if (revision !== commit) await write(folder, fileOf(repository, revision), commit);
    await forgetOldest(folder);
  } catch {
    // A cache that cannot be written costs time, not the answer.
  }
}

/** Whole or not at all: another process may read it now. */
async function write(folder: string, name: string, value: unknown): Promise<void> {
  const path = join(folder, name);
  const half = `${path}.${process.pid}`;
  await writeFile(half, JSON.stringify(value));
  await rename(half, path);
}

async function forgetOldest(folder: string): Promise<void> {
  const names = await readdir(folder);
  if (names.length <= 2 * MAX_KEPT) return;
  const dated = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(folder, name))).mtimeMs })),
  );
  const old = dated.sort((left, right) => right.at - left.at).slice(2 * MAX_KEPT);
  await Promise.all(old.map(({ name }) => unlink(join(folder, name))));
}
