/** Rows of the catalogue for what somebody has typed so far. */

interface Named {
  readonly name: string;
  /** Further names it goes by. */
  readonly others?: readonly string[];
  /** Parameters of a model; a typed "7b" finds those near it. */
  readonly parameters?: number;
}

/** A model that is sold as 7B has 6.3 to 7.7 billion parameters. */
const SIZE_TOLERANCE = 0.1;

/**
 * What matches every word of `text`, best first: names that begin with it, then names that hold it. Case, separators and the
 * owner of a model do not matter; a size ("7b", "0.5B") also finds models of about as many parameters whose name says nothing.
 *
 * Example: searchNames("qwen 8b", [{ name: "Qwen/Qwen3-8B" }, { name: "Qwen/Qwen3-4B" }]).length // 1
 */
export function searchNames<Row extends Named>(text: string, rows: readonly Row[]): readonly Row[] {
  const words = text.toLowerCase().match(/[a-z0-9.]+/g) ?? [];
  const whole = keyOf(text);
  const ranked = rows.flatMap((row) => {
    const names = [row.name, ...(row.others ?? [])];
    if (!words.every((word) => isIn(word, names, row.parameters))) return [];
    const bare = names.map((name) => keyOf(name.slice(name.indexOf("/") + 1)));
    const rank = bare.includes(whole) ? 0 : bare.some((name) => name.startsWith(whole)) ? 1 : 2;
    return [{ row, rank }];
  });
  return ranked.sort((left, right) => left.rank - right.rank).map(({ row }) => row);
}

function isIn(word: string, names: readonly string[], parameters: number | undefined): boolean {
  const [, size] = /^(\d+(?:\.\d+)?)b$/.exec(word) ?? [];
  if (size === undefined) return names.some((name) => keyOf(name).includes(keyOf(word)));
  // "8b" is no part of "38b" or "1.8b".
  const named = new RegExp(`(?<![\\d.])${word.replace(".", "\\.")}(?![a-z\\d])`);
  if (names.some((name) => named.test(name.toLowerCase()))) return true;
  const sized = /(?<![\d.])\d+(?:\.\d+)?b(?![a-z\d])/i;
  if (parameters === undefined || names.some((name) => sized.test(name))) return false;
  return Math.abs(parameters / (Number(size) * 1e9) - 1) <= SIZE_TOLERANCE;
}

function keyOf(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/**
 * The repository of an address on the Hugging Face Hub; other text as it is.
 *
 * Example: repositoryOfAddress("https://huggingface.co/Qwen/Qwen3-4B/tree/main") // "Qwen/Qwen3-4B"
 */
export function repositoryOfAddress(text: string): string {
  const address =
    /^\s*(?:https?:\/\/)?(?:www\.)?(?:huggingface\.co|hf\.co)\/(?:models\/)?([\w.-]+\/[\w.-]+)/i;
  return address.exec(text)?.[1] ?? text;
}
