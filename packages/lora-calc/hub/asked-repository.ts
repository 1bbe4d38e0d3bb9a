/** The repository that a typed text means. */

export interface AskedRepository {
  /** `owner/name`; a few old models have no owner (`gpt2`). */
  readonly repository: string;
  /** Branch, tag or commit; undefined means main. */
  readonly revision?: string;
}

/** As the Hub allows names: letters, digits, ".", "_", "-", at most 96 characters, with a letter or digit at both ends. */
const PART = "[A-Za-z0-9](?:[\\w.-]{0,94}[A-Za-z0-9_])?";
const NAME = new RegExp(`^(${PART}(?:/${PART})?)(?:@([\\w./-]{1,200}))?$`);
const ADDRESS =
  /^(?:https?:\/\/)?(?:www\.)?(?:huggingface\.co|hf\.co|hf-mirror\.com)\/(?:models\/)?([^?#]+)/i;
/** Pages of a repository that name a revision. */
const PAGES: readonly string[] = ["tree", "blob", "resolve", "raw", "commit"];

/**
 * The repository of a name or an address, or undefined where the text can be neither.
 *
 * Example: askedRepository("https://huggingface.co/Qwen/Qwen3-4B/tree/main")?.repository // "Qwen/Qwen3-4B"
 */
export function askedRepository(text: string): AskedRepository | undefined {
  const trimmed = text.trim();
  const path = ADDRESS.exec(trimmed)?.[1];
  if (path === undefined) return ofName(trimmed);
  const [owner = "", name = "", page = "", revision = ""] = path.split("/");
  // The address of a page says main where nobody asked for a revision.
  const isAsked = PAGES.includes(page) && !["", "main"].includes(revision);
  const asked = isAsked ? `@${decoded(revision)}` : "";
  return ofName(`${owner}${name === "" ? "" : `/${name}`}${asked}`);
}

function ofName(text: string): AskedRepository | undefined {
  const [, repository, revision] = NAME.exec(text) ?? [];
  if (repository === undefined || /\.\.|--/.test(repository)) return undefined;
  if (revision === undefined) return { repository };
  return revision.includes("..") ? undefined : { repository, revision };
}

/** A branch with a slash stands encoded in an address. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
