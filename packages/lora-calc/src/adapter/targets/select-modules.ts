/** The modules a configuration adapts, or PEFT's reason why there are none. */

import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import type { Site } from "../../graph/tree/sites.js";
import { nearestName } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import { decideSites } from "./decide-sites.js";
import { fusedHint } from "./missed-names.js";
import { ModuleMatcher } from "./match-modules.js";
import { patternHint } from "./pattern-hint.js";
import type { Targeting } from "./targeting.js";

export interface Selection {
  readonly sites: readonly Site[];
  readonly excludedCount: number;
  readonly unmatchedCount: number;
}

/** Every site that is targeted, in the order of `named_modules()`. */
export function selectModules(
  graph: ModuleGraph,
  targeting: Targeting,
  headOutside: string | undefined,
): Selection {
  const matcher = new ModuleMatcher(targeting, headOutside);
  const decided = decideSites(sitesOf(graph), matcher.layerSight, (path, node) =>
    matcher.verdict(path, node),
  );
  const withVerdict = (verdict: string): readonly Site[] =>
    decided.flatMap(({ site, decision }) => (decision === verdict ? [site] : []));
  return {
    sites: withVerdict("targeted"),
    excludedCount: withVerdict("excluded").length,
    unmatchedCount: withVerdict("unmatched").length,
  };
}

/** Stops as PEFT does when nothing was targeted. Source: peft tuners/tuners_utils.py `inject_adapter`. */
export function rejectNoMatch(
  graph: ModuleGraph,
  { targets, layers }: Targeting,
  { excludedCount, unmatchedCount }: Selection,
): never {
  const allExcluded = excludedCount > 0 && unmatchedCount === 0;
  const given = targetTexts(targets);
  const excluded =
    excludedCount === 0 ? "" : " beside those that exclude_modules and modules_to_save leave out";
  const hint = layers === undefined ? "" : `; layers_to_transform is ${layers.indices.join(", ")}`;
  reject({
    code: "unknown_target_module",
    path: "adapter.target_modules",
    message: allExcluded
      ? "every module is excluded by exclude_modules or modules_to_save"
      : given.length === 0
        ? "target_modules is empty and no target_parameters match; name modules to adapt"
        : `no module of ${graph.className} matches ${given.join(", ")}${excluded}${nearest(graph, given, targets?.kind === "list")}${hint}`,
    received: given,
    expected: leafNames(graph),
  });
}

function targetTexts(targets: Targeting["targets"]): readonly string[] {
  if (targets === undefined) return [];
  if (targets.kind === "all_linear") return ["all-linear"];
  return targets.kind === "list" ? [...targets.names] : [targets.pattern];
}

/** What was probably meant: names joined by commas or left in quotes, else the nearest name. */
function nearest(graph: ModuleGraph, given: readonly string[], isList: boolean): string {
  const [first] = given;
  const separated = given.flatMap((text) => text.split(/[\s,;]+/)).map(withoutQuotes);
  const known = new Set(leafNames(graph));
  const isMistyped = separated.some((name) => !given.includes(name));
  if (isMistyped && separated.every((name) => known.has(name))) {
    return ` (did you mean ${JSON.stringify(separated)}?)`;
  }
  const pattern = isList ? patternHint(graph, given) : "";
  if (pattern !== "") return pattern;
  const fused = fusedHint(graph);
  if (fused !== "") return fused;
  const near = first === undefined ? undefined : nearestName(first, leafNames(graph));
  return near === undefined || near === first ? "" : ` (did you mean ${near}?)`;
}

function withoutQuotes(text: string): string {
  return text.replace(/^[\s'"`[\]()]+|[\s'"`[\]()]+$/g, "");
}

/** Last path components of the modules that adapters can sit on; an element of a list has only its number. */
function leafNames(graph: ModuleGraph): readonly string[] {
  const names = sitesOf(graph)
    .filter(({ node }) => node.layer !== undefined && node.layer.kind !== "module_list")
    .map(({ node }) => node.name);
  return [...new Set(names)].filter((name) => name !== "");
}
