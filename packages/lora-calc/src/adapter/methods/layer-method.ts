/** Methods that add tensors to the layers they target: what they have in common, and how one becomes a plan. */

import type { Layer, ModuleGraph } from "../../graph/tree/module-graph.js";
import type { Site } from "../../graph/tree/sites.js";
import type { Fields } from "../../problem/fields.js";
import type { ProblemCode } from "../../problem/codes.js";
import { reject } from "../../problem/problem.js";
import { headOutsideAllLinear } from "../targets/all-linear.js";
import { namesOfAllLinear } from "../targets/condense-names.js";
import { decideSites } from "../targets/decide-sites.js";
import { sharpestSight } from "../regex/layer-sight.js";
import { listNames } from "../targets/module-names.js";
import type { AdapterField } from "../../fields/scenario.js";
import type { MethodFacts } from "../plan/method-facts.js";
import type { PatternTable } from "../targets/pattern-table.js";
import type { AdaptedModule, AdapterPlan, AdapterTensor } from "../plan/plan.js";
import { planTuner } from "../tuner/plan-tuner.js";
import { resolveTargets } from "../targets/resolve-targets.js";
import { readTargeting } from "../targets/targeting.js";
import type { LayerRules, Targeting } from "../targets/targeting.js";
import { readTaskType } from "../plan/task-type.js";

/** Tensors of a layer with `inFeatures` inputs and `outFeatures` outputs. */
type LinearFormula = (
  inFeatures: number,
  outFeatures: number,
  site: Site,
) => readonly AdapterTensor[];

type ConvLayer = Extract<Layer, { readonly kernel: readonly number[] }>;

interface ConvFormula {
  readonly kinds: readonly ConvLayer["kind"][];
  readonly tensors: (layer: ConvLayer, site: Site) => readonly AdapterTensor[];
}

export interface Formula {
  readonly linear: LinearFormula;
  /** Tensors of a convolution of one of these kinds; without it convolutions are not adapted. */
  readonly conv?: ConvFormula;
  /** Tensors of an embedding; without it embeddings are not adapted. */
  readonly embedding?: (rows: number, dim: number, site: Site) => readonly AdapterTensor[];
  /** Tensors of every other module; without it they are not adapted. */
  readonly any?: (site: Site) => readonly AdapterTensor[];
  /** Values that a layer's path decides. */
  readonly tables?: readonly PatternTable[];
  /** The same, where it is not a table: layers with the same text are alike. */
  readonly keyOf?: (path: string) => string;
  /** PEFT looks for layers it can adapt first: before it matches modules, or among those that match. */
  readonly looksFirst?: "before_matching" | "among_matched";
  /** Tensors that no single layer has. */
  readonly ofModel?: (modules: readonly AdaptedModule[]) => readonly AdapterTensor[];
  /** Changes what depends on all layers together. */
  readonly together?: (modules: readonly AdaptedModule[]) => readonly AdaptedModule[];
}

export interface LayerMethod extends MethodFacts {
  /** Name under which its layers hold their dropouts; a name in `modules_to_save` can hit it. */
  readonly dropout?: string;
  /** Fields of its configuration beside those of every method. */
  readonly fields: readonly AdapterField[];
  /** Which options about layers exclude each other. */
  readonly layerRules: LayerRules;
  /** GPT-2's Conv1D is adapted as a linear layer is. */
  readonly adaptsConv1d: boolean;
  /** What PEFT says to a module it cannot adapt; `skipped`: nothing. */
  readonly others: ProblemCode | "skipped";
  readonly targetsByDefault?: "all-linear";
  readonly read: (adapter: Fields, graph: ModuleGraph) => Formula;
}

/** The plan of a method. Source: peft tuners/tuners_utils.py `BaseTuner.inject_adapter`. */
export function planLayerMethod(
  method: LayerMethod,
  graph: ModuleGraph,
  adapter: Fields,
): AdapterPlan {
  const taskType = readTaskType(adapter);
  const given = readTargeting(adapter, method.layerRules);
  const formula = method.read(adapter, graph);
  const resolved = resolveTargets(graph, given, method.peftType, {
    taskType,
    otherwise: method.targetsByDefault,
  });
  const targeting = withNames(graph, resolved, headOutsideAllLinear(graph, taskType));
  return planTuner(graph, {
    peftType: method.peftType,
    taskType,
    targeting,
    hasDefaultTargets: !adapter.has("target_modules"),
    bias: adapter.string("bias") ?? "none",
    ...(method.dropout === undefined ? {} : { dropout: method.dropout }),
    adapt: (sites) => adaptSites(method, seenBy(formula, resolved), sites),
    ...(formula.ofModel === undefined ? {} : { modelTensors: formula.ofModel }),
  });
}

/** Layers can be chosen among "all-linear" where PEFT has condensed it to names. */
function withNames(
  graph: ModuleGraph,
  targeting: Targeting,
  headOutside: string | undefined,
): Targeting {
  if (targeting.targets?.kind !== "all_linear" || targeting.layers === undefined) return targeting;
  return { ...targeting, targets: listNames(namesOfAllLinear(graph, headOutside)) };
}

/** The first look at "all-linear" is at whole paths, which are found whatever layers are chosen among names after it. */
function seenBy(formula: Formula, { targets, layers }: Targeting): Formula {
  if (targets?.kind !== "all_linear" || layers === undefined) return formula;
  const { looksFirst, ...rest } = formula;
  return looksFirst === "before_matching" ? rest : formula;
}

function adaptSites(
  method: LayerMethod,
  formula: Formula,
  sites: readonly Site[],
): readonly AdaptedModule[] {
  const { looksFirst } = formula;
  if (looksFirst === "before_matching" || (looksFirst !== undefined && sites.length > 0)) {
    rejectNoneFound(method, sites);
  }
  const { tables = [], keyOf, together } = formula;
  const sight = keyOf === undefined ? sharpestSight(tables.map((t) => t.layerSight)) : "index";
  const decide = keyOf ?? ((path) => tables.map((table) => table.valueFor(path)).join());
  const modules = decideSites(sites, sight, decide).flatMap(({ site }) => {
    const tensors = tensorsOf(method, formula, site);
    return tensors === undefined ? [] : [{ site, tensors }];
  });
  return together === undefined ? modules : together(modules);
}

function tensorsOf(
  method: LayerMethod,
  { linear, conv, embedding, any }: Formula,
  site: Site,
): readonly AdapterTensor[] | undefined {
  const { layer } = site.node;
  if (isLinear(layer, method)) return linear(layer.inFeatures, layer.outFeatures, site);
  if (layer !== undefined && "kernel" in layer && conv?.kinds.includes(layer.kind) === true) {
    return conv.tensors(layer, site);
  }
  if (layer?.kind === "embedding" && embedding !== undefined) {
    return embedding(layer.rows, layer.dim, site);
  }
  if (any !== undefined) return any(site);
  if (method.others === "skipped") return undefined;
  const adapted = [
    "Linear",
    ...(method.adaptsConv1d ? ["Conv1D"] : []),
    ...(conv?.kinds ?? []).map((kind) => kind.replace("c", "C")),
    ...(embedding === undefined ? [] : ["Embedding"]),
  ];
  reject({
    code: method.others,
    path: "adapter.target_modules",
    message: `${site.pattern} is a ${site.node.type}; ${method.peftType} adapts ${adapted.join(" and ")} here`,
    received: site.pattern,
    expected: adapted,
  });
}

function isLinear(
  layer: Layer | undefined,
  { adaptsConv1d }: LayerMethod,
): layer is Extract<Layer, { readonly inFeatures: number }> {
  return layer?.kind === "linear" || (adaptsConv1d && layer?.kind === "hf_conv1d");
}

function rejectNoneFound(method: LayerMethod, sites: readonly Site[]): void {
  if (sites.some(({ node }) => isLinear(node.layer, method))) return;
  reject({
    code: "invalid_adapter_option",
    path: "adapter.target_modules",
    message: `none of the targeted modules is a layer that ${method.peftType} adapts`,
    expected: "names of linear layers",
  });
}
