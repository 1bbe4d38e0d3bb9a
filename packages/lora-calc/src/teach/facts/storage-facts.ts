/** One weight matrix stored in several ways: where QLoRA's bytes go. */

import { stored4bit, stored8bit } from "../../memory/settings/quantization.js";
import type { StoredTensor } from "../../memory/settings/quantization.js";
import { bytesOf, elementCount } from "../../units/dtype.js";
import { missing } from "../../problem/missing.js";

export type StorageName = "bfloat16" | "int8" | "nf4" | "nf4_double";

export interface StorageFacts {
  readonly name: StorageName;
  readonly bytes: number;
  readonly bitsPerParameter: number;
  /** The codes of the weights themselves and what is needed to read them. Unit: bytes. */
  readonly codes: number;
  readonly constants: number;
  readonly tensors: readonly { readonly name: string; readonly bytes: number }[];
}

/**
 * A weight of (out, in) in 16, 8 and 4 bits, with all constants.
 *
 * Unit: bytes. Certainty: derived. Source: arXiv:2305.14314 section 3; bitsandbytes functional.py `quantize_4bit`.
 * Example: storageFacts(4096, 4096)[3]?.bytes // 8655940
 */
export function storageFacts(outFeatures: number, inFeatures: number): readonly StorageFacts[] {
  const elements = outFeatures * inFeatures;
  const plain: StoredTensor = {
    name: "weight",
    shape: [outFeatures, inFeatures],
    dtype: "bfloat16",
  };
  return [
    factsOf("bfloat16", elements, [plain]),
    factsOf("int8", elements, stored8bit(outFeatures, inFeatures)),
    factsOf("nf4", elements, stored4bit(elements, false)),
    factsOf("nf4_double", elements, stored4bit(elements, true)),
  ];
}

function factsOf(
  name: StorageName,
  elements: number,
  stored: readonly StoredTensor[],
): StorageFacts {
  const tensors = stored.map(({ name: tensor, shape, dtype }) => ({
    name: tensor,
    bytes: bytesOf(elementCount(shape), dtype),
  }));
  const bytes = tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
  const codes = tensors[0]?.bytes ?? missing();
  return {
    name,
    bytes,
    bitsPerParameter: (8 * bytes) / elements,
    codes,
    constants: bytes - codes,
    tensors,
  };
}
