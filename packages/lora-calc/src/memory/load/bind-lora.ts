/** Puts the tensors of one adapter on the device. */

import type { AdaptedModule } from "../../adapter/plan/plan.js";
import type { Dtype } from "../../units/dtype.js";
import type { Machine } from "../machine/machine.js";
import type { Kind } from "../machine/tape.js";
import type { Tensor } from "../machine/tensor.js";
import type { BoundLora } from "./bound-module.js";

export interface AdapterDtypes {
  readonly dtype: Dtype;
  /** Of DoRA's magnitudes. */
  readonly magnitude: Dtype;
}

/** A, B and what a variant adds, in the order in which PEFT makes them. */
export function bindLora(
  m: Machine,
  { tensors }: AdaptedModule,
  settings: BoundLora["settings"],
  { dtype, magnitude: magnitudeDtype }: AdapterDtypes,
): BoundLora {
  const tensorNamed = (part: string, kind: Kind, own = dtype): Tensor | undefined => {
    const facts = tensors.find(({ name }) => name.startsWith(part));
    if (facts === undefined) return undefined;
    const tensor = m.withKind(kind, () => m.retain(m.empty("empty", facts.shape, own)));
    tensor.requiresGrad = facts.trainable;
    tensor.section = m.section;
    return tensor;
  };
  const a =
    tensorNamed("lora_A.default.weight", "adapter_a") ??
    tensorNamed("lora_embedding_A", "adapter_a");
  const b =
    tensorNamed("lora_B.default.weight", "adapter_b") ??
    tensorNamed("lora_embedding_B", "adapter_b");
  if (a === undefined || b === undefined) throw new Error("an adapter lacks A or B");
  const bias = tensorNamed("lora_B.default.bias", "adapter_other");
  const magnitude = tensorNamed("lora_magnitude_vector", "adapter_other", magnitudeDtype);
  return {
    settings,
    a,
    b,
    ...(bias === undefined ? {} : { bias }),
    ...(magnitude === undefined ? {} : { magnitude }),
  };
}
