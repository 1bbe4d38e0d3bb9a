/** Names of a list that no module answers to: PEFT says nothing as long as another name hits. */

import { isRepeat } from "../../graph/tree/module-graph.js";
import type { ModuleGraph, ModuleNode } from "../../graph/tree/module-graph.js";
import { pathsOf, sitesOf } from "../../graph/tree/sites.js";
import type { Warning } from "../../problem/codes.js";
import { suggestion } from "../../problem/fields.js";
import { endsInName } from "./module-names.js";
import type { ModuleNames } from "./module-names.js";

/** A warning for every missed name of `target_modules`; `isDefault` lists serve several models and may miss. */
export function missedNames(
  graph: ModuleGraph,
  targets: ModuleNames | undefined,
  isDefault: boolean,
): readonly Warning[] {
  if (targets?.kind !== "list" || isDefault) return [];
  const paths = sitesOf(graph).flatMap((site) =>
    mentionsLayer(targets) ? pathsOf(site) : [site.path],
  );
  const leaves = new Set(sitesOf(graph).map(({ node }) => node.name));
  return [...targets.names]
    .filter((name) => !paths.some((path) => endsInName(path, new Set([name]))))
    .map((name) => ({
      code: "unmatched_target_module" as const,
      message: `target_modules names ${name}, which no module of ${graph.className} has${
        fusedHint(graph) || suggestion(name, leaves)
      }`,
    }));
}

/** A warning for every name of `target_parameters` that no parameter answers to. */
export function missedParameters(graph: ModuleGraph, names: readonly string[]): readonly Warning[] {
  if (names.length === 0) return [];
  const paths = sitesOf(graph, { perLayer: true }).flatMap(({ path, node }) =>
    node.parameters.map(({ name }) => `${path}.${name}`),
  );
  const ends = new Set(paths.flatMap(endingsOf));
  return names
    .filter((name) => !ends.has(name))
    .map((name) => ({
      code: "unmatched_target_module" as const,
      message: `target_parameters names ${name}, which no parameter of ${graph.className} has`,
    }));
}

/** A path and what follows each of its dots: the names it answers to. */
function endingsOf(path: string): readonly string[] {
  const parts = path.split(".");
  return parts.map((_, index) => parts.slice(index).join("."));
}

function mentionsLayer({ names }: Extract<ModuleNames, { kind: "list" }>): boolean {
  return [...names].some((name) => /\d/.test(name));
}

/** "; it computes queries, keys and values in qkv_proj", for models with fused projections. */
export function fusedHint(graph: ModuleGraph): string {
  const fused = new Set<string>();
  collectFused(graph.root, fused);
  return fused.size === 0 ? "" : `; projections are fused here: ${[...fused].join(", ")}`;
}

function collectFused({ forward, children }: ModuleNode, fused: Set<string>): void {
  if (forward?.kind === "attention" && forward.projections.kind !== "separate") {
    fused.add(forward.projections.fused);
  }
  if (forward?.kind === "fused_gated_mlp") fused.add(forward.gateUp);
  for (const child of children) collectFused(isRepeat(child) ? child.element : child, fused);
}
