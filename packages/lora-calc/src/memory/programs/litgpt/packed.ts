/**
 * Linear weights that are packed as soon as they are made, and once more when a checkpoint is read; and the embedding beside them.
 *
 * Source: lightning 2.6 fabric/plugins/precision/bitsandbytes.py `_Linear4bit`; bitsandbytes functional.py `quantize_4bit`; litgpt 0.5.13
 * finetune/lora.py `main` (`StableEmbedding`).
 */

import { missing } from "../../../problem/missing.js";
import { elementCount } from "../../../units/dtype.js";
import type { Dtype } from "../../../units/dtype.js";
import type { BoundModule, Kernels } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import { cast } from "../../machine/ops/cast.js";
import { embedding } from "../../machine/ops/embedding.js";
import { layerNorm } from "../../machine/ops/normalize.js";
import type { Tensor } from "../../machine/tensor.js";
import { stored4bit } from "../../settings/quantization.js";
import type { Quantization } from "../../settings/quantization.js";

export type FourBit = Extract<Quantization, { kind: "4bit" }>;

export interface Packing {
  readonly quantization: FourBit;
  readonly kernels: Kernels;
}

/** Packs a matrix (out, in) by way of float16, in which it is unpacked again; `before` ends when it is replaced. */
export function pack(
  m: Machine,
  { quantization, kernels }: Packing,
  shape: readonly [number, number],
  before: { readonly tensors: readonly Tensor[]; readonly bias?: Tensor | undefined },
): BoundModule {
  const stored = new Map(
    stored4bit(elementCount(shape), quantization.doubleQuant).map((each) => [each.name, each]),
  );
  const half = m.empty("empty", shape, "float16");
  const blocks = stored.get("absmax")?.shape ?? missing();
  const absmax = m.empty("empty", blocks, "float32");
  const made = (name: string): Tensor => {
    const tensor = stored.get(name) ?? missing();
    return m.retain(m.empty("empty", tensor.shape, tensor.dtype));
  };
  const weight = made("weight");
  const buffers = new Map([["code", made("code")]]);
  if (quantization.doubleQuant) {
    buffers.set("offset", m.retain(m.empty("mean", [], "float32")));
    const centred = m.empty("sub", blocks, "float32");
    for (const name of ["absmax", "nested_absmax", "nested_code"]) buffers.set(name, made(name));
    for (const each of [centred, absmax]) m.consume(each);
  } else buffers.set("absmax", m.retain(absmax));
  for (const each of before.tensors) m.release(each);
  m.consume(half);
  const [outFeatures, inFeatures] = shape;
  const layer = { kind: "linear", inFeatures, outFeatures } as const;
  const node = { name: "linear", type: "Linear4bit", layer, parameters: [], buffers: [] };
  const bias = before.bias === undefined ? [] : [["bias", before.bias] as const];
  return {
    ...{ path: "", node: { ...node, children: [] }, quantization, buffers },
    parameters: new Map([["weight", weight], ...bias]),
    dtype: "float16",
    kernels: { ...kernels, fuses4bit: undefined },
    ...{ children: new Map<string, BoundModule>(), elements: [] },
  };
}

/** What is packed of a layer, but for its bias. */
export function packedTensors({ parameters, buffers }: BoundModule): readonly Tensor[] {
  return [...parameters, ...buffers].flatMap(([name, tensor]) => (name === "bias" ? [] : [tensor]));
}

/** An embedding with a norm behind it, in place of the model's, which a variable of `main` keeps. It trains, but no optimizer has it. */
export interface StableEmbedding {
  readonly weight: Tensor;
  readonly scale: Tensor;
  readonly offset: Tensor;
}

export function stableEmbedding(
  m: Machine,
  shape: readonly [number, number],
  dtype: Dtype,
): StableEmbedding {
  const made = (values: readonly number[]): Tensor => {
    const tensor = m.retain(m.empty("empty", values, dtype));
    tensor.requiresGrad = true;
    return tensor;
  };
  const [, dim] = shape;
  return { weight: made(shape), scale: made([dim]), offset: made([dim]) };
}

export function callStable(m: Machine, stable: StableEmbedding, ids: Tensor): Tensor {
  const { weight, scale, offset } = stable;
  return m.frame((frame) => {
    const rows = frame.hold(embedding(m, ids, weight));
    return cast(m, layerNorm(m, rows, scale, offset), weight.dtype);
  });
}
