/** What to say of a list entry that was meant as a pattern. */

import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import { InputError } from "../../problem/problem.js";
import { patternNames } from "./module-names.js";

const LOOKS_LIKE_PATTERN = /[\\*+?^$()[\]{}|]/;

/**
 * PEFT up to 0.5 read the entries of a list as patterns; since then they are compared literally, and only a single text is a
 * pattern. Says what the entry would hit as one.
 *
 * Source: https://github.com/huggingface/peft/issues/1206
 */
export function patternHint(graph: ModuleGraph, names: readonly string[]): string {
  const entry = names.find((name) => LOOKS_LIKE_PATTERN.test(name));
  if (entry === undefined) return "";
  const literal = "; the entries of a list are compared literally, only a single text is a pattern";
  const hits = hitsOf(graph, entry);
  if (hits.length === 0) return literal;
  const layers = [...new Set(hits.flatMap((path) => layerOf(path) ?? []))];
  const where = layers.length === 0 ? "" : ` in layers ${ranges(layers)}`;
  return `${literal}: as one, this hits ${hits.length} modules${where}`;
}

/** Paths of the layers an adapter can sit on that the entry matches as a pattern; none if it is no pattern. */
function hitsOf(graph: ModuleGraph, entry: string): readonly string[] {
  try {
    const names = patternNames(entry, "adapter.target_modules");
    if (names.kind !== "pattern") return [];
    const { regex } = names;
    return sitesOf(graph, { perLayer: true })
      .filter(({ node }) => node.layer !== undefined && node.layer.kind !== "module_list")
      .map(({ path }) => path)
      .filter((path) => regex.fullMatch(path));
  } catch (error) {
    if (error instanceof InputError) return [];
    throw error;
  }
}

function layerOf(path: string): number | undefined {
  const index = /\.(\d+)\./.exec(path)?.[1];
  return index === undefined ? undefined : Number(index);
}

/** Numbers in words, what follows on together: "1, 10 to 12". */
function ranges(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from} to ${to}`)).join(", ");
}
