/** The local cache of huggingface_hub: what `from_pretrained` has downloaded before. Nothing is asked, nothing is written. */

import { readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { AskedRepository } from "lora-calc/hub";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Source: huggingface_hub constants.py (HF_HOME, HF_HUB_CACHE and its older name, XDG_CACHE_HOME). */
function cacheFolder(environment: Environment): string {
  const { HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE } = environment;
  return expanded(HF_HUB_CACHE ?? HUGGINGFACE_HUB_CACHE ?? join(homeFolder(environment), "hub"));
}

/** Where huggingface_hub keeps what is its own: the cache, and the token of `hf auth login`. */
export function homeFolder({ HF_HOME, XDG_CACHE_HOME }: Environment): string {
  return expanded(HF_HOME ?? join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "huggingface"));
}

function expanded(path: string): string {
  return path.replace(/^~(?=$|[\\/])/, homedir());
}

/** A commit is 40 hexadecimal digits. */
const COMMIT = /^[0-9a-f]{40}$/;

/**
 * The folder of a snapshot with a config.json or adapter_config.json in it, or undefined. Source: huggingface_hub
 * file_download.py: `models--OWNER--NAME/refs/REVISION` holds a commit, `snapshots/COMMIT` the files.
 */
export async function cachedSnapshot(
  { repository, revision = "main" }: AskedRepository,
  environment: Environment,
): Promise<string | undefined> {
  const folder = join(cacheFolder(environment), `models--${repository.replace("/", "--")}`);
  const commit = COMMIT.test(revision) ? revision : await commitOf(folder, revision);
  if (commit === undefined) return undefined;
  const snapshot = join(folder, "snapshots", commit);
  for (const name of ["config.json", "adapter_config.json"]) {
    const facts = await stat(join(snapshot, name)).catch(() => undefined);
    if (facts?.isFile() === true) return snapshot;
  }
  return undefined;
}

async function commitOf(folder: string, revision: string): Promise<string | undefined> {
  const text = await readFile(join(folder, "refs", ...revision.split("/")), "utf8").catch(
    () => undefined,
  );
  const commit = text?.trim() ?? "";
  return COMMIT.test(commit) ? commit : undefined;
}
