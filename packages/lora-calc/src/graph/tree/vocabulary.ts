/** The words blueprints are written in: each makes one node of the module tree. */

import { reject } from "../../problem/problem.js";
import type { Dtype } from "../../units/dtype.js";
import type { LayerNormVariant, Forward, RmsNormVariant } from "./forward.js";
import type { Buffer, Child, ModuleNode, Parameter, Repeat } from "./module-graph.js";
import { missing } from "../../problem/missing.js";

interface ContainerParts {
  readonly children?: readonly (Child | undefined)[];
  readonly parameters?: readonly Parameter[];
  readonly buffers?: readonly Buffer[];
  readonly forward?: Forward;
  readonly isTransposed?: boolean;
}

/** Any module that is not a layer PEFT can adapt. Children that are undefined are left out. */
export function container(name: string, type: string, parts: ContainerParts = {}): ModuleNode {
  const { children = [], parameters = [], buffers = [], forward, isTransposed } = parts;
  return {
    name,
    type,
    parameters,
    buffers,
    children: children.filter((child) => child !== undefined),
    ...(forward === undefined ? {} : { forward }),
    ...(isTransposed === undefined ? {} : { isTransposed }),
  };
}

/** A module without parameters and children: activation, dropout. */
export function leaf(name: string, type: string): ModuleNode {
  return container(name, type);
}

export function parameter(name: string, shape: readonly number[], dtype?: Dtype): Parameter {
  return dtype === undefined ? { name, shape } : { name, shape, dtype };
}

/** A buffer that is saved with the weights. */
export function persistentBuffer(
  name: string,
  shape: readonly number[],
  dtype: Buffer["dtype"] = "float32",
): Buffer {
  return { ...buffer(name, shape, dtype), isPersistent: true };
}

export function buffer(
  name: string,
  shape: readonly number[],
  dtype: Buffer["dtype"] = "float32",
): Buffer {
  return { name, shape, dtype };
}

export interface LinearOptions {
  readonly bias?: boolean;
  /** Full path of the weight that is the same object. */
  readonly tiedTo?: string;
  /** Full path of the bias that is the same object. */
  readonly biasTiedTo?: string;
  readonly type?: string;
  /** The class writes the product out. */
  readonly writtenOut?: true;
}

/** `nn.Linear(inFeatures, outFeatures)`: weight (out_features, in_features). No bias unless said. */
export function linear(
  name: string,
  inFeatures: number,
  outFeatures: number,
  { bias = false, tiedTo, biasTiedTo, type = "Linear", writtenOut }: LinearOptions = {},
): ModuleNode {
  const weight: Parameter = {
    name: "weight",
    shape: [outFeatures, inFeatures],
    ...(tiedTo === undefined ? {} : { tiedTo }),
  };
  const biasParameter: Parameter = {
    name: "bias",
    shape: [outFeatures],
    ...(biasTiedTo === undefined ? {} : { tiedTo: biasTiedTo }),
  };
  return {
    name,
    type,
    layer: { kind: "linear", inFeatures, outFeatures },
    forward: writtenOut === true ? { kind: "linear", writtenOut } : { kind: "linear" },
    parameters: bias ? [weight, biasParameter] : [weight],
    buffers: [],
    children: [],
  };
}

/** transformers' `Conv1D(outFeatures, inFeatures)`: weight (in_features, out_features), always with bias. */
export function hfConv1d(name: string, inFeatures: number, outFeatures: number): ModuleNode {
  return {
    name,
    type: "Conv1D",
    layer: { kind: "hf_conv1d", inFeatures, outFeatures },
    forward: { kind: "hf_conv1d" },
    parameters: [parameter("weight", [inFeatures, outFeatures]), parameter("bias", [outFeatures])],
    buffers: [],
    children: [],
  };
}

export interface ConvOptions {
  readonly bias?: boolean;
  readonly groups?: number;
}

/** `nn.Conv1d` to `nn.Conv3d`, by the length of the kernel: weight (out, in / groups, kernel…). Bias unless said. */
export function conv(
  name: string,
  [inChannels, outChannels]: readonly [number, number],
  kernel: readonly number[],
  { bias = true, groups = 1 }: ConvOptions = {},
): ModuleNode {
  const kind = kernel.length === 1 ? "conv1d" : kernel.length === 2 ? "conv2d" : "conv3d";
  const weight = parameter("weight", [outChannels, inChannels / groups, ...kernel]);
  return {
    name,
    type: `Conv${kernel.length}d`,
    layer: { kind, inChannels, outChannels, kernel, groups },
    ...(kind === "conv2d" && groups === 1 ? { forward: { kind } as const } : {}),
    ...(kind === "conv1d" && groups === inChannels && groups === outChannels
      ? { forward: { kind: "used_by_parent" } as const }
      : {}),
    parameters: bias ? [weight, parameter("bias", [outChannels])] : [weight],
    buffers: [],
    children: [],
  };
}

export interface EmbeddingOptions {
  readonly type?: string;
  readonly tiedTo?: string;
  /** The class multiplies its output by a scale that is a buffer (gemma). */
  readonly scaled?: boolean;
  readonly isFrozen?: true;
}

/** `nn.Embedding(rows, dim)`: weight (rows, dim). */
export function embedding(
  name: string,
  rows: number,
  dim: number,
  { type = "Embedding", tiedTo, scaled = false, isFrozen }: EmbeddingOptions = {},
): ModuleNode {
  const weight: Parameter = {
    name: "weight",
    shape: [rows, dim],
    ...(tiedTo === undefined ? {} : { tiedTo }),
    ...(isFrozen === undefined ? {} : { isFrozen }),
  };
  return {
    name,
    type,
    layer: { kind: "embedding", rows, dim },
    forward: scaled ? { kind: "embedding", scaled } : { kind: "embedding" },
    parameters: [weight],
    buffers: scaled ? [buffer("embed_scale", [], "model")] : [],
    children: [],
  };
}

/** RMSNorm of the given class: one weight vector. */
export function rmsNorm(
  name: string,
  type: string,
  size: number,
  variant: RmsNormVariant = "scale_after_cast",
): ModuleNode {
  return container(name, type, {
    parameters: [parameter("weight", [size])],
    forward: { kind: "rms_norm", variant },
  });
}

/** `nn.LayerNorm(size)`: weight and, unless said otherwise, bias. */
export function layerNorm(
  name: string,
  size: number,
  {
    bias = true,
    type = "LayerNorm",
    variant,
  }: { bias?: boolean; type?: string; variant?: LayerNormVariant } = {},
): ModuleNode {
  const weight = parameter("weight", [size]);
  return container(name, type, {
    parameters: bias ? [weight, parameter("bias", [size])] : [weight],
    forward: { kind: "layer_norm", ...(variant === undefined ? {} : { variant }) },
  });
}

/** `nn.ModuleList` whose elements are given in groups of equal ones. */
function moduleList(name: string, repeats: readonly Repeat[]): ModuleNode {
  return {
    name,
    type: "ModuleList",
    layer: { kind: "module_list" },
    parameters: [],
    buffers: [],
    children: repeats,
  };
}

/** `nn.ModuleList` of `count` equal elements. */
export function repeated(name: string, count: number, element: ModuleNode): ModuleNode {
  return moduleList(name, count === 0 ? [] : [{ indices: range(count), element }]);
}

/**
 * `nn.ModuleList` whose elements differ by a property of their index; elements with the same key share a node.
 *
 * Example: repeatedBy("layers", 4, (i) => (i % 2 ? "full" : "sliding"), (kind) => leaf(kind, "Layer"))
 *   .children.map(({ indices }) => indices) // [[0, 2], [1, 3]]
 */
export function repeatedBy<Key extends string>(
  name: string,
  count: number,
  keyOf: (index: number) => Key,
  make: (key: Key, firstIndex: number) => ModuleNode,
): ModuleNode {
  const groups = new Map<Key, number[]>();
  for (const index of range(count)) {
    const key = keyOf(index);
    const indices = groups.get(key);
    if (indices === undefined) groups.set(key, [index]);
    else indices.push(index);
  }
  const repeats = [...groups].map(([key, indices]) => ({
    indices,
    element: make(key, indices[0] ?? missing()),
  }));
  return moduleList(name, repeats);
}

/** Far more than any list of modules has: the longest hold some hundred experts. */
const MAX_MODULES = 10_000;

function range(count: number): readonly number[] {
  if (count > MAX_MODULES) {
    reject({
      code: "limit_exceeded",
      path: "model.config",
      message: `a list of ${count} modules is more than the ${MAX_MODULES} that are built; one of the sizes is wrong`,
      received: count,
    });
  }
  return Array.from({ length: count }, (_, index) => index);
}
