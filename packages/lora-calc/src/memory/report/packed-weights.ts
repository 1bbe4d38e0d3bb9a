/** Weights of a checkpoint that is packed by another method than bitsandbytes: known where its header is. */

import { CHECKPOINT_QUANTIZATION_PATH } from "../../model/checkpoint-quantization.js";
import { tensorsOf } from "../../model/description.js";
import type { ModelDescription, TensorHeader } from "../../model/description.js";
import type { Warning } from "../../problem/codes.js";
import { elementCount } from "../../units/dtype.js";

interface PackedWeights {
  readonly obstacle: string;
  readonly weights?: { readonly weights: { readonly bytes: number; readonly certainty: "exact" } };
  readonly warnings: readonly Warning[];
}

export function packedWeights(method: string, model: ModelDescription): PackedWeights {
  const tensors = tensorsOf(model);
  const bytes = tensors === undefined ? undefined : headerBytes(tensors);
  const message = `${CHECKPOINT_QUANTIZATION_PATH}: the checkpoint is packed by ${method}; PEFT adapts its layers, and prints another total, since packed weights are no parameters or fewer numbers`;
  const weights =
    bytes === undefined
      ? `${message}. The size of the weights is in the header of its safetensors file (model.safetensors); the unquantized model is config.json without quantization_config`
      : message;
  return {
    obstacle: `the step on weights packed by ${method} has no program here`,
    ...(bytes === undefined
      ? {}
      : { weights: { weights: { bytes, certainty: "exact" as const } } }),
    warnings: [{ code: "quantized_checkpoint", message: weights }],
  };
}

/** Bits of the dtypes in a safetensors header. Source: safetensors@0.6 tensor.rs `Dtype`. */
const BITS: Readonly<Record<string, number>> = {
  ...{ BOOL: 8, U8: 8, I8: 8, F8_E4M3: 8, F8_E5M2: 8, F8_E8M0: 8 },
  ...{ F4: 4, F6_E2M3: 6, F6_E3M2: 6 },
  ...{ I16: 16, U16: 16, F16: 16, BF16: 16 },
  ...{ I32: 32, U32: 32, F32: 32, I64: 64, U64: 64, F64: 64, C64: 64 },
};

/** Bytes of all tensors of a header; undefined where a dtype is unknown. */
function headerBytes(tensors: Readonly<Record<string, TensorHeader>>): number | undefined {
  let bits = 0;
  for (const { dtype, shape } of Object.values(tensors)) {
    const width = BITS[dtype];
    if (width === undefined) return undefined;
    bits += width * elementCount(shape);
  }
  return Math.ceil(bits / 8);
}
