/** A module of the graph together with its symbolic tensors: what the programs run on. */

import type { LoraSettings } from "../../adapter/plan/plan.js";
import type { ModuleNode } from "../../graph/tree/module-graph.js";
import type { Dtype } from "../../units/dtype.js";
import type { Loop } from "../machine/loop.js";
import type { Tensor } from "../machine/tensor.js";
import type { Quantization } from "../settings/quantization.js";

/** Adapter matrices of one module. For a linear: A is (r, in_features), B is (out_features, r). */
export interface BoundLora {
  readonly settings: LoraSettings;
  readonly a: Tensor;
  readonly b: Tensor;
  /** Bias of B (`lora_bias`). */
  readonly bias?: Tensor;
  /** DoRA's magnitude, one per output feature. */
  readonly magnitude?: Tensor;
}

/** Trained rows that replace those of the table (`trainable_token_indices`). A tied head has those of its embedding. */
export interface BoundTokens {
  /** (tokens, dim). */
  readonly delta: Tensor;
}

export interface BoundModule {
  /** Path in the base model, with the real layer index. */
  readonly path: string;
  readonly node: ModuleNode;
  readonly parameters: Map<string, Tensor>;
  readonly buffers: Map<string, Tensor>;
  /** Storage scheme of the weight, when it is quantized. */
  readonly quantization?: Quantization;
  /** dtype the base model was loaded in; 4-bit weights de-quantize to it. */
  readonly dtype: Dtype;
  /** Set when the adapters are added. */
  lora?: BoundLora;
  /** Adapters of single parameters, the outermost wrapper first. */
  parameterLoras?: readonly { readonly parameter: string; readonly lora: BoundLora }[];
  /** Trained copy of the module that runs instead of it (`modules_to_save`). */
  copy?: BoundModule;
  tokens?: BoundTokens;
  readonly children: Map<string, BoundModule>;
  /** Elements of a ModuleList, in order: those of a loop that are run. */
  readonly elements: BoundModule[];
  /** The loop that a forward runs over the elements. */
  readonly loop?: Loop;
}

/** Child by name; a missing one is a mistake in a blueprint's `forward`. */
export function childOf(module: BoundModule, name: string): BoundModule {
  const child = module.children.get(name);
  if (child === undefined) throw new Error(`${module.path} has no child ${name}`);
  return child;
}

/** Parameter by name; a missing one is a mistake in a program. */
export function parameterOf(module: BoundModule, name: string): Tensor {
  const parameter = module.parameters.get(name);
  if (parameter === undefined) throw new Error(`${module.path} has no parameter ${name}`);
  return parameter;
}
