/** Names that a person may have meant, for the refusal of an unknown one. */

import { nearestName } from "../problem/fields.js";

const MAX_NAMES = 3;

/** Text to compare by: lower case, every run of separators one hyphen. Example: nameKey("Llama 3.1_8B") // "llama-3.1-8b" */
export function nameKey(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, "-");
}

/** Up to three known names that extend the typed one or are extended by it, else the one with the fewest typing errors. */
export function nearestNames(typed: string, known: readonly string[]): readonly string[] {
  const key = nameKey(typed);
  if (key === "") return [];
  const related = known.filter((name) => {
    const candidate = nameKey(name);
    return candidate.startsWith(key) || key.startsWith(candidate);
  });
  if (related.length > 0) return related.slice(0, MAX_NAMES);
  const nearest = nearestName(typed, known);
  return nearest === undefined ? [] : [nearest];
}

/**
 * Models that a typed name may mean: names near it with the same numbers, since another version or size is another
 * model. Example: nearestModels("gemma-3-27b-it", ["google/gemma-2-27b-it"]) // []
 */
export function nearestModels(typed: string, known: readonly string[]): readonly string[] {
  const numbers = numbersOf(typed);
  const alike = known.filter((name) => {
    const others = numbersOf(name);
    return numbers.every((number) => others.includes(number));
  });
  return nearestNames(typed, alike).filter((name) => nameKey(name) !== nameKey(typed));
}

/** Versions and sizes in a name: "gemma-3-27b" has 3 and 27b. */
function numbersOf(name: string): readonly string[] {
  return nameKey(name).match(/\d+(?:\.\d+)?[bm]?(?![a-z0-9.])/g) ?? [];
}

/** The first of these names as a part of a Problem, or nothing. */
export function firstOf(names: readonly string[]): { readonly nearest?: string } {
  const [nearest] = names;
  return nearest === undefined ? {} : { nearest };
}

/** " (did you mean A, B or C?)", or nothing. */
export function didYouMean(names: readonly string[]): string {
  const last = names.at(-1);
  if (last === undefined) return "";
  const others = names.slice(0, -1);
  return ` (did you mean ${others.length > 0 ? `${others.join(", ")} or ${last}` : last}?)`;
}
