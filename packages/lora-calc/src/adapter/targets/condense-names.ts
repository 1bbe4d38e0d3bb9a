/** The names that PEFT puts in place of a long list of targets. */

import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { pathsOf, sitesOf } from "../../graph/tree/sites.js";
import { isLinear } from "./all-linear.js";

/** Lists of at least as many names are condensed. Source: peft utils/constants.py. */
const LONG_LIST = 20;

/**
 * What "all-linear" has become when layers are chosen by it: the path of every linear layer, or, from 20 layers on, the
 * shortest endings that tell them from all other modules.
 *
 * Source: peft tuners/tuners_utils.py `_maybe_include_all_linear_layers`, `_find_minimal_target_modules`.
 */
export function namesOfAllLinear(
  graph: ModuleGraph,
  headOutside: string | undefined,
): ReadonlySet<string> {
  const targets: string[] = [];
  const others: string[] = [];
  for (const site of sitesOf(graph)) {
    const isTarget = isLinear(site.node) && site.path !== headOutside;
    (isTarget ? targets : others).push(...pathsOf(site));
  }
  return targets.length < LONG_LIST ? new Set(targets) : shortestEndings(targets, others);
}

function shortestEndings(
  targets: readonly string[],
  others: readonly string[],
): ReadonlySet<string> {
  const taken = new Set(others.flatMap(endingsOf));
  const chosen = new Set<string>();
  const sorted = targets.map(endingsOf).sort(compareLists);
  for (const endings of sorted) {
    const isCovered = endings.slice(0, -1).some((ending) => chosen.has(ending));
    const next = endings.find((ending) => !chosen.has(ending) && !taken.has(ending));
    if (!isCovered && next !== undefined) chosen.add(next);
  }
  return chosen.size === 0 ? new Set(targets) : chosen;
}

/** The endings of a path from every dot on, the shortest first, the path itself last. */
function endingsOf(path: string): readonly string[] {
  const parts = path.split(".");
  return parts.map((_, index) => parts.slice(index).join(".")).reverse();
}

/** Python's order of lists of texts. */
function compareLists(left: readonly string[], right: readonly string[]): number {
  for (const [index, text] of left.entries()) {
    const other = right[index];
    if (other === undefined || text > other) return 1;
    if (text < other) return -1;
  }
  return left.length - right.length;
}
