/** Size of adapter_model.safetensors, to the byte. */

import { bytesOf, elementCount } from "../../units/dtype.js";
import type { Dtype } from "../../units/dtype.js";
import { saveOrder } from "./save-order.js";
import type { Branch } from "./save-order.js";
import { savedTensors } from "./saved-tensors.js";
import type { SavedDtypes, SavedTensor } from "./saved-tensors.js";
import type { AdapterPlan } from "../plan/plan.js";

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
 * Unit: bytes, exact.
 * Source: safetensors@0.6 `serialize`; peft peft_model.py `save_pretrained`.
 */
export function adapterFileBytes(plan: AdapterPlan, dtypes: SavedDtypes): number {
  const tensors = savedTensors(plan, dtypes);
  const sizes = { header: '{"__metadata__":{"format":"pt"}}'.length, offset: 0 };
  for (const [dtype, name] of HEADER_DTYPES) {
    const ofDtype = tensors.filter((tensor) => tensor.dtype === dtype);
    if (ofDtype.length > 0) write(weighed(saveOrder(ofDtype), name, dtype), -1, sizes);
  }
  return LENGTH_BYTES + Math.ceil(sizes.header / ALIGNMENT) * ALIGNMENT + sizes.offset;
}

/** What a branch of names adds to the file; equal layers are one object. */
interface Weighed {
  readonly tensors: readonly { readonly text: number; readonly bytes: number }[];
  readonly children: readonly (readonly [string, Weighed])[];
  /** How many tensors there are at and below the branch, and their bytes. */
  readonly count: number;
  readonly bytes: number;
  /** Characters of all their entries, without offsets and without the name up to the branch. */
  readonly text: number;
}

function weighed(
  { tensors, children }: Branch<SavedTensor>,
  name: string,
  dtype: Dtype,
  known = new Map<Branch<SavedTensor>, Weighed>(),
): Weighed {
  const own = tensors.map(({ shape }) => ({
    text: textLength(name, shape),
    bytes: bytesOf(elementCount(shape), dtype),
  }));
  const below = children.map(([component, branch]) => {
    const child = known.get(branch) ?? weighed(branch, name, dtype, known);
    known.set(branch, child);
    return [component, child] as const;
  });
  let [count, bytes, text] = [own.length, 0, 0];
  for (const tensor of own) {
    bytes += tensor.bytes;
    text += tensor.text;
  }
  for (const [component, child] of below) {
    count += child.count;
    bytes += child.bytes;
    text += child.text + child.count * (1 + component.length);
  }
  return { tensors: own, children: below, count, bytes, text };
}

/** Adds a branch whose names begin with `length` characters. Where no offset gains a digit, it is added whole. */
function write(branch: Weighed, length: number, sizes: { header: number; offset: number }): void {
  const width = digits(sizes.offset);
  if (digits(sizes.offset + branch.bytes) === width) {
    sizes.header += branch.text + branch.count * (length + 2 * width);
    sizes.offset += branch.bytes;
    return;
  }
  for (const { text, bytes } of branch.tensors) {
    const end = sizes.offset + bytes;
    sizes.header += length + text + digits(sizes.offset) + digits(end);
    sizes.offset = end;
  }
  for (const [component, child] of branch.children) {
    write(child, length + 1 + component.length, sizes);
  }
}

/** Methods that save, beside what they train, buffers that are not described here. */
const FILE_UNKNOWN: readonly string[] = [
  ...["ADAPTION_PROMPT", "FROD", "GLORA", "LILY", "LN_TUNING", "RANDLORA", "SHIRA"],
  ...["SUPERTUNING", "TINYLORA"],
];

/** Whether the tensors of the file are known; not where PEFT saves what two names share, or what it copied by accident. */
export function isFileKnown(plan: AdapterPlan): boolean {
  const { peftType, rootCopies, copies, unfrozen } = plan;
  if (FILE_UNKNOWN.includes(peftType) || rootCopies !== undefined) return false;
  if (plan.ensuresTying === true) return false;
  const isPlain = copies.every(
    ({ isNested, tiedToPath }) => isNested !== true && tiedToPath === undefined,
  );
  // Trained biases of copied or repeated layers are saved under several names.
  const repeatsBiases = unfrozen.length > 0 && (plan.isReplicated === true || copies.length > 0);
  return isPlain && !repeatsBiases;
}

/** Length of an entry without its name and its two offsets. */
function textLength(dtype: string, shape: readonly number[]): number {
  return `,"":{"dtype":"${dtype}","shape":[${shape.join(",")}],"data_offsets":[,]}`.length;
}

function digits(value: number): number {
  let count = 1;
  for (let bound = 10; value >= bound; bound *= 10) count += 1;
  return count;
}
