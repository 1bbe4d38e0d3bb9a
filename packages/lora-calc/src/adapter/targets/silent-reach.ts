/** What a choice of modules reaches or leaves out without PEFT saying so. */

import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import { stackedExperts } from "../../graph/tree/stacked-experts.js";
import { elementCount } from "../../units/dtype.js";
import { formatCount } from "../../units/format.js";
import type { Warning } from "../../problem/codes.js";
import type { AdaptedModule } from "../plan/plan.js";
import type { Targeting } from "./targeting.js";

/** Names of the projections of an MLP, which people list and expect to mean the experts too. */
const MLP_NAMES: readonly string[] = [
  "gate_proj",
  "up_proj",
  "down_proj",
  "gate_up_proj",
  "w1",
  "w2",
  "w3",
];

/** Warnings about convolutions hit beside other layers, and about experts that stay as they are. */
export function silentReach(
  graph: ModuleGraph,
  { targets }: Targeting,
  modules: readonly AdaptedModule[],
): readonly Warning[] {
  if (targets === undefined || targets.kind === "pattern") return [];
  const isAboutMlp =
    targets.kind === "all_linear" || MLP_NAMES.some((name) => targets.names.has(name));
  return [
    ...(targets.kind === "list" ? convolutions(modules) : []),
    ...(isAboutMlp ? expertsLeftOut(graph, modules) : []),
  ];
}

/**
 * Source: https://github.com/hiyouga/LLaMA-Factory/issues/5324 (PEFT up to 0.12 raised at Conv3d).
 */
function convolutions(modules: readonly AdaptedModule[]): readonly Warning[] {
  const isConvolution = ({ site }: AdaptedModule): boolean =>
    site.node.layer?.kind.startsWith("conv") === true;
  const hit = modules.find(isConvolution);
  if (hit === undefined || modules.every(isConvolution)) return [];
  const { pattern, node } = hit.site;
  return [
    {
      code: "adapts_convolution",
      message: `target_modules also hits ${pattern}, a ${node.type}: PEFT adapts it, older releases (up to 0.12 for Conv3d) raise; list it in exclude_modules if it is not meant`,
    },
  ];
}

/** Experts are parameters of their own since transformers 5; no name of a module reaches them. */
function expertsLeftOut(graph: ModuleGraph, modules: readonly AdaptedModule[]): readonly Warning[] {
  const adapted = new Set(modules.map(({ site }) => site.pattern));
  const left = sitesOf(graph).filter(
    ({ node, pattern }) => stackedExperts(node).length > 0 && !adapted.has(pattern),
  );
  const [first] = left;
  if (first === undefined) return [];
  const names = stackedExperts(first.node).map(({ name }) => name);
  const size = left.reduce(
    (sum, { node, count }) =>
      sum + count * stackedExperts(node).reduce((own, { shape }) => own + elementCount(shape), 0),
    0,
  );
  return [
    {
      code: "experts_not_adapted",
      message: `the experts are not adapted: ${first.pattern} keeps ${formatCount(size)} parameters in ${names.join(" and ")}, which target_modules does not reach; name them in target_parameters`,
    },
  ];
}
