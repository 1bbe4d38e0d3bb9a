/** What becomes of a model's experts: which of their tensors are adapted, packed, and how many bytes they are stored in. */

import { planAdapter } from "./adapter/plan-adapter.js";
import type { AdaptedModule, AdapterPlan } from "./adapter/plan/plan.js";
import { readModel } from "./graph/read-model.js";
import type { ModuleNode, Parameter } from "./graph/tree/module-graph.js";
import { sitesOf } from "./graph/tree/sites.js";
import type { Site } from "./graph/tree/sites.js";
import { stackedExperts } from "./graph/tree/stacked-experts.js";
import { keptDtype } from "./memory/load/kept-dtype.js";
import { quantizedModules, storedWeight } from "./memory/settings/quantization.js";
import type { Quantization } from "./memory/settings/quantization.js";
import { readStep } from "./memory/settings/read-step.js";
import { Fields } from "./problem/fields.js";
import { InputError } from "./problem/problem.js";
import type { Problem } from "./problem/problem.js";
import type { Scenario } from "./scenario.js";
import { bytesOf, elementCount } from "./units/dtype.js";

/** One kind of expert tensor, over all layers. */
export interface ExpertTensor {
  /** Numbers that differ are `*`. */
  readonly path: string;
  /** How many of them there are: layers, or layers and experts where each expert is a module of its own. */
  readonly count: number;
  /** Of one of them. */
  readonly shape: readonly number[];
  /** Of all. Unit: parameters. */
  readonly parameters: number;
  /** `4bit` or `8bit` where bitsandbytes packs them, else the dtype they are loaded in. */
  readonly stored: string;
  /** Of all, as they are stored. Unit: bytes. */
  readonly bytes: number;
  /** Which field reaches them; `all` where everything trains. */
  readonly adapted: "no" | "target_modules" | "target_parameters" | "modules_to_save" | "all";
  /** What trains on them or in their place. Unit: parameters. */
  readonly trainable: number;
}

export interface ExpertsDescription {
  readonly experts: readonly ExpertTensor[];
  /** Of all of them. Unit: parameters. */
  readonly parameters: number;
  /** Of all of them, as they are stored. Unit: bytes. */
  readonly bytes: number;
}

export type ExpertsResult = ExpertsDescription | { readonly error: Problem };

/**
 * The tensors of a scenario's experts, in the order of the model; none for a model without. transformers 5 holds the experts
 * of a layer in two parameters, which bitsandbytes does not pack and `target_modules` does not reach; transformers 4 has a
 * module for each.
 *
 * Certainty: exact (counts, names), as `estimate` has them. What cannot be read comes back as `error`.
 * Example: describeExperts({ model: "Qwen/Qwen3-30B-A3B", adapter: { target_modules: ["q_proj"] } }).experts[0].adapted // "no"
 */
export function describeExperts(scenario: Scenario): ExpertsResult {
  try {
    const experts = tensorsOf(new Fields(scenario, ""));
    return {
      experts,
      parameters: experts.reduce((sum, tensor) => sum + tensor.parameters, 0),
      bytes: experts.reduce((sum, tensor) => sum + tensor.bytes, 0),
    };
  } catch (error) {
    if (error instanceof InputError) return { error: error.problem };
    throw error;
  }
}

function tensorsOf(scenario: Fields): readonly ExpertTensor[] {
  const { world, description, graph } = readModel(scenario);
  const { training, quantization } = readStep(scenario, description, graph, world);
  const isFull = !scenario.has("adapter");
  const plan = isFull
    ? undefined
    : planAdapter(graph, scenario.object("adapter")?.values ?? null, world);
  const isPacked = quantization === undefined ? () => false : quantizedModules(graph, quantization);
  const dtypeOf = keptDtype(graph, training.dtype);
  const tensors = sitesOf(graph).flatMap((site) =>
    expertParameters(site).map((parameter): ExpertTensor => {
      const { node, path, pattern, count } = site;
      const parameters = count * elementCount(parameter.shape);
      const packed = isPacked(node, path) ? quantization : undefined;
      const dtype = dtypeOf(path, parameter);
      return {
        path: `${pattern}.${parameter.name}`,
        ...{ count, shape: parameter.shape, parameters },
        stored: packed?.kind ?? dtype,
        bytes:
          packed === undefined ? bytesOf(parameters, dtype) : count * packedBytes(node, packed),
        ...reached(plan, site, parameter.name, parameters),
      };
    }),
  );
  return merged(tensors);
}

/** Layers of several kinds (attention in windows and without) have the same experts. */
function merged(tensors: readonly ExpertTensor[]): readonly ExpertTensor[] {
  const kinds = new Map<string, ExpertTensor>();
  for (const tensor of tensors) {
    const key = [tensor.path, tensor.shape, tensor.stored, tensor.adapted].join(" ");
    const known = kinds.get(key) ?? { ...tensor, count: 0, parameters: 0, bytes: 0, trainable: 0 };
    kinds.set(key, {
      ...known,
      count: known.count + tensor.count,
      parameters: known.parameters + tensor.parameters,
      bytes: known.bytes + tensor.bytes,
      trainable: known.trainable + tensor.trainable,
    });
  }
  return [...kinds.values()];
}

/** The stacked parameters of a layer's experts, or the weight of one projection of a single expert. */
function expertParameters({ node, pattern }: Site): readonly Parameter[] {
  const stacked = stackedExperts(node);
  if (stacked.length > 0) return stacked;
  const isSingle = pattern.includes(".experts.*.") && node.layer?.kind === "linear";
  return isSingle ? node.parameters.filter(({ name }) => name === "weight") : [];
}

function packedBytes(node: ModuleNode, quantization: Quantization): number {
  return storedWeight(node, quantization).reduce(
    (sum, { shape, dtype }) => sum + bytesOf(elementCount(shape), dtype),
    0,
  );
}

function reached(
  plan: AdapterPlan | undefined,
  { node }: Site,
  name: string,
  parameters: number,
): Pick<ExpertTensor, "adapted" | "trainable"> {
  if (plan === undefined) return { adapted: "all", trainable: parameters };
  if (plan.copies.some(({ site }) => site.node === node)) {
    return { adapted: "modules_to_save", trainable: parameters };
  }
  const own = plan.modules.filter(
    ({ site, parameterName }) => site.node === node && (parameterName ?? name) === name,
  );
  if (own.length === 0) return { adapted: "no", trainable: 0 };
  const isParameter = own.some(({ parameterName }) => parameterName !== undefined);
  const trainable = own.reduce((sum, module) => sum + module.site.count * trainableOf(module), 0);
  return { adapted: isParameter ? "target_parameters" : "target_modules", trainable };
}

function trainableOf({ tensors }: AdaptedModule): number {
  return tensors.reduce(
    (sum, { shape, trainable }) => sum + (trainable ? elementCount(shape) : 0),
    0,
  );
}
