/** What a run holds in any case, known without the program of its step: the weights, and what training keeps beside them. */

import type { AdapterPlan } from "../../adapter/plan/plan.js";
import type { MemoryPart } from "../../result.js";
import { bytesOf, elementCount } from "../../units/dtype.js";
import type { Dtype } from "../../units/dtype.js";
import type { ComputedPart } from "../replay/parts.js";
import type { StoredBytes } from "../load/stored-bytes.js";
import type { OptimizerName, TrainingSettings } from "../settings/training.js";
import { labelsOf } from "../../worlds/world.js";
import type { World } from "../../worlds/world.js";

/**
 * What an optimizer keeps on the card per trained parameter at the least: AdamW two moments of the parameter's own dtype, in 8 bit
 * two bytes, in 4 bit one; Lion and RMSprop keep one moment, AdEMAMix three; paged states can be moved off the card, Adafactor
 * keeps rows and columns, SGD nothing.
 */
const STATES: Readonly<Record<OptimizerName, (parameterBytes: number, count: number) => number>> = {
  adamw_torch: (bytes) => 2 * bytes,
  adamw_torch_fused: (bytes) => 2 * bytes,
  adamw_8bit: (_, count) => 2 * count,
  adamw_bnb_8bit: (_, count) => 2 * count,
  paged_adamw_32bit: () => 0,
  paged_adamw_8bit: () => 0,
  adamw_torch_8bit: (_, count) => 2 * count,
  adamw_torch_4bit: (_, count) => count,
  lion_32bit: (_, count) => 4 * count,
  lion_8bit: (_, count) => count,
  paged_lion_32bit: () => 0,
  paged_lion_8bit: () => 0,
  ademamix: (_, count) => 12 * count,
  ademamix_8bit: (_, count) => 3 * count,
  paged_ademamix_32bit: () => 0,
  paged_ademamix_8bit: () => 0,
  rmsprop_bnb: (_, count) => 4 * count,
  rmsprop_bnb_32bit: (_, count) => 4 * count,
  rmsprop_bnb_8bit: (_, count) => count,
  adafactor: () => 0,
  sgd: () => 0,
};

const PEFT = "peft tuners_utils.py cast_adapter_dtype";

/**
 * Weights, trained parameters, their gradients and the optimizer's states: all of them are alive when the optimizer steps. No
 * activation, no loss and no workspace is in it, so a run takes more. Unit: bytes. Certainty: read.
 * Adapters of 16-bit models are fp32, copies have the dtype of the base.
 */
export function stepFloor(
  plan: AdapterPlan,
  isFull: boolean,
  stored: StoredBytes,
  { training, world }: { readonly training: TrainingSettings; readonly world: World },
): readonly MemoryPart<ComputedPart>[] {
  const { torch, bitsandbytes } = labelsOf(world);
  const trained = isFull
    ? { count: plan.trainable, bytes: bytesOf(plan.trainable, training.dtype) }
    : trainedBytes(plan, training);
  const states = STATES[training.optim](trained.bytes, trained.count);
  const part = (
    name: ComputedPart,
    bytes: number,
    formula: string,
    source = PEFT,
  ): MemoryPart<ComputedPart> => {
    return { name, bytes, certainty: "read", formula, source };
  };
  return [
    part(
      "weights",
      stored.bytes,
      "the base model as it is stored",
      `safetensors header, ${bitsandbytes}`,
    ),
    ...(isFull ? [] : [part("adapter_other", trained.bytes, "everything that is trained")]),
    part(
      "optimizer",
      states,
      `states of ${training.optim} per trained parameter`,
      `${torch} optim, ${bitsandbytes} optim`,
    ),
    part("gradients", trained.bytes, "one for each trained parameter"),
  ];
}

function trainedBytes(
  { modules, modelTensors, copies, unfrozen, tokens = [], savedPrompt }: AdapterPlan,
  { dtype, prepare_kbit: preparesKbit, adapter_dtype: cast }: TrainingSettings,
): { readonly count: number; readonly bytes: number } {
  const base: Dtype = preparesKbit ? "float32" : dtype;
  const ofBase = cast === "auto" ? base : cast;
  const ofAdapter = cast !== "auto" ? cast : savedPrompt === undefined ? "float32" : base;
  let [count, bytes] = [0, 0];
  const add = (elements: number, kind: Dtype): void => {
    count += elements;
    bytes += bytesOf(elements, kind);
  };
  const tensors = [
    ...modules.flatMap(({ site, tensors: own }) =>
      own.map((tensor) => ({ tensor, times: site.count })),
    ),
    ...modelTensors.map((tensor) => ({ tensor, times: 1 })),
  ];
  for (const { tensor, times } of tensors) {
    if (tensor.trainable && tensor.isBuffer !== true)
      add(times * elementCount(tensor.shape), ofAdapter);
  }
  for (const { site, tokens: rows, dim } of tokens) add(site.count * rows * dim, ofBase);
  for (const { site, parameterCount, isNested, tiedToPath } of copies) {
    if (isNested !== true && tiedToPath === undefined) add(site.count * parameterCount, ofBase);
  }
  for (const { site, elements, isTied } of unfrozen)
    if (isTied !== true) add(site.count * elements, ofBase);
  return { count, bytes };
}
