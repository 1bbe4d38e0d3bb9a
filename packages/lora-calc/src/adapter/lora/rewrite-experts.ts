/**
 * Targets written for the experts of transformers 4, which were modules, as PEFT translates them to the parameters of
 * transformers 5. A pattern or "all-linear" becomes a list of last names on the way, and loses what else it said.
 *
 * Source: peft utils/transformers_weight_conversion.py `_convert_peft_config_moe`.
 */

import { expertNames } from "../../catalogue/expert-names.js";
import type { ExpertNames } from "../../catalogue/expert-names.js";
import type { ModuleGraph, ModuleNode } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import { reject } from "../../problem/problem.js";
import { isLinear } from "../targets/all-linear.js";
import { ModuleMatcher } from "../targets/match-modules.js";
import { listNames } from "../targets/module-names.js";
import type { Targeting } from "../targets/targeting.js";
import type { LoraConfig } from "./lora-config.js";

export interface Rewritten {
  readonly targeting: Targeting;
  readonly config: LoraConfig;
}

/** `headOutside` is the path that "all-linear" leaves out. */
export function rewriteExperts(
  graph: ModuleGraph,
  given: Rewritten,
  headOutside: string | undefined,
): Rewritten {
  const names = expertNames(graph.modelType);
  if (names === undefined) return given;
  const { targeting, config } = given;
  const targets = resolved(graph, targeting, names, headOutside);
  if (targets === undefined) return given;
  const kept: string[] = [];
  const parameters = new Set(targeting.targetParameters);
  const present = new Set<string>();
  for (const target of targets) {
    const old = [...names.renamed.keys()].find(
      (name) => target === name || target.endsWith(`.${name}`),
    );
    if (old === undefined) kept.push(target);
    else {
      parameters.add(names.renamed.get(old) ?? old);
      present.add(old);
    }
  }
  return {
    targeting: { ...targeting, targets: listNames(kept), targetParameters: [...parameters] },
    config: isFused(names, present) ? doubled(config, names.fused.name) : config,
  };
}

/** Names one by one; undefined where a pattern hits nothing, which PEFT leaves to its usual complaint. */
function resolved(
  graph: ModuleGraph,
  targeting: Targeting,
  names: ExpertNames,
  headOutside: string | undefined,
): readonly string[] | undefined {
  const { targets } = targeting;
  if (targets === undefined) return [];
  if (targets.kind === "list") return [...targets.names];
  if (targets.kind === "all_linear") {
    const linear = sitesOf(graph).filter(
      ({ path, node }) => isLinear(node) && path !== headOutside,
    );
    return [...new Set([...linear.map(({ node }) => node.name), ...names.renamed.keys()])];
  }
  const found = namesHit(graph, targeting, names);
  return found.size === 0 ? undefined : [...found];
}

/** Last names of what a pattern hits: modules, parameters, and old names where the new parameters lie. */
function namesHit(
  graph: ModuleGraph,
  targeting: Targeting,
  { renamed }: ExpertNames,
): ReadonlySet<string> {
  const matcher = new ModuleMatcher(targeting);
  const hits = (path: string, node: ModuleNode): boolean =>
    matcher.verdict(path, node) === "targeted";
  const found = new Set<string>();
  for (const { path, node } of sitesOf(graph, { perLayer: true })) {
    if (hits(path, node)) found.add(node.name);
    for (const { name } of node.parameters) {
      if (hits(`${path}.${name}`, node)) found.add(name);
      for (const [old, current] of renamed) {
        if (current === name && hits(`${path}.${old}`, node)) found.add(old);
      }
    }
  }
  return found;
}

function isFused({ fused: { name, from } }: ExpertNames, present: ReadonlySet<string>): boolean {
  const [given, missing] = [true, false].map((is) => from.filter((old) => present.has(old) === is));
  if (given?.length === 1) {
    reject({
      code: "invalid_adapter_option",
      path: "adapter.target_modules",
      message: `${given.join()} cannot be adapted without ${missing?.join()}: both are fused in ${name} since transformers 5`,
      received: given,
      expected: from,
    });
  }
  return given?.length === 2;
}

/** The fused parameter has the ranks of both halves, and keeps their scaling. */
function doubled(config: LoraConfig, name: string): LoraConfig {
  const key = `.*\\.${name}`;
  return {
    ...config,
    rankPattern: new Map([...config.rankPattern, [key, 2 * config.rank]]),
    alphaPattern: new Map([...config.alphaPattern, [key, 2 * config.alpha]]),
  };
}
