/** Size of adapter_model.safetensors, to the byte. */

import { bytesOf, elementCount } from "../units/dtype.js";
import type { Dtype } from "../units/dtype.js";
import { saveOrder } from "./save-order.js";
import { savedTensors } from "./saved-tensors.js";
import type { AdapterPlan } from "./plan.js";

/** The header's own length stands before it as a 64-bit number, and the header is padded to a multiple of 8. */
const LENGTH_BYTES = 8;
const ALIGNMENT = 8;

/** Names of dtypes in a safetensors header, larger elements first: the order of the data. */
const HEADER_DTYPES: readonly (readonly [Dtype, string])[] = [
  ["int64", "I64"],
  ["float32", "F32"],
  ["int32", "I32"],
  ["float16", "F16"],
  ["bfloat16", "BF16"],
  ["uint8", "U8"],
  ["int8", "I8"],
  ["bool", "BOOL"],
];

/**
 * Bytes of the file that `save_pretrained` writes: 8, the JSON header padded with spaces, the data.
 *
 *     {"__metadata__":{"format":"pt"},"NAME":{"dtype":"F32","shape":[16,4096],"data_offsets":[0,262144]},…}
 *
 * `baseDtype` is what the base model is loaded in; only copies and trained biases are stored in it.
 * Unit: bytes, exact.
 * Source: safetensors@0.6 `serialize`; peft@0.21.0 peft_model.py `save_pretrained`.
 */
export function adapterFileBytes(plan: AdapterPlan, baseDtype: Dtype = "bfloat16"): number {
  const tensors = savedTensors(plan, baseDtype);
  let header = '{"__metadata__":{"format":"pt"}}'.length;
  let offset = 0;
  for (const [dtype, name] of HEADER_DTYPES) {
    const ofDtype = tensors.filter((tensor) => tensor.dtype === dtype);
    const texts = new Map(ofDtype.map((tensor) => [tensor, textLength(name, tensor.shape)]));
    for (const { nameLength, tensor } of saveOrder(ofDtype)) {
      const end = offset + bytesOf(elementCount(tensor.shape), dtype);
      header += nameLength + (texts.get(tensor) ?? 0) + digits(offset) + digits(end);
      offset = end;
    }
  }
  return LENGTH_BYTES + Math.ceil(header / ALIGNMENT) * ALIGNMENT + offset;
}

/** Whether the tensors of the file are known: not for tied heads, copies inside copies, and single tokens. */
export function isFileKnown({ copies, tokens = [], tiedAdapter }: AdapterPlan): boolean {
  const isPlain = copies.every(
    ({ isNested, tiedToPath }) => isNested !== true && tiedToPath === undefined,
  );
  return isPlain && tokens.length === 0 && tiedAdapter === undefined;
}

/** Length of an entry without its name and its two offsets. */
function textLength(dtype: string, shape: readonly number[]): number {
  return `,"":{"dtype":"${dtype}","shape":[${shape.join(",")}],"data_offsets":[,]}`.length;
}

function digits(value: number): number {
  return String(value).length;
}
