/** Each part of the peak as a formula with this run's numbers in it. */

import { formatBytes, formatCount } from "../../units/format.js";
import { bytesPerElement, elementCount } from "../../units/dtype.js";
import type { ComputedPart } from "../replay/parts.js";
import type { TensorGroup } from "./peak-parts.js";
import type { StoredBytes } from "../load/stored-bytes.js";
import type { TrainingSettings } from "../settings/training.js";

export interface FormulaInputs {
  readonly stored: StoredBytes;
  readonly training: TrainingSettings;
}

/** Groups named in a formula before the rest is summed up. */
const NAMED_GROUPS = 4;

/** Text per part; parts without a closed form list their largest tensors. */
export function formulaOf(
  part: ComputedPart,
  tensors: readonly TensorGroup[],
  inputs: FormulaInputs,
): string {
  if (tensors.length === 0) return "none alive at the peak";
  if (part === "weights" || part === "reference") return weightsFormula(inputs);
  if (part === "adapter_a") return byDtype(tensors, "A (rank × in) of every adapted module");
  if (part === "adapter_b") return byDtype(tensors, "B (out × rank) of every adapted module");
  if (part === "adapter_other") return byDtype(tensors, "trained beside A and B");
  if (part === "optimizer") return byDtype(tensors, "states of the trained parameters");
  if (part === "communication") return byDtype(tensors, "buckets of all gradients");
  if (part === "gradients") return byDtype(tensors, "gradients alive then");
  return listed(tensors);
}

function weightsFormula({ stored, training }: FormulaInputs): string {
  const plain = `${formatCount(stored.plainParameters)} × ${bytesPerElement(training.dtype)} B (${training.dtype})`;
  if (stored.quantizedParameters === 0) return plain;
  const perParameter = (stored.quantizedBytes / stored.quantizedParameters).toFixed(4);
  return `${formatCount(stored.quantizedParameters)} × ${perParameter} B (quantized, with constants) + ${plain}`;
}

/** "adapter parameters: 41,943,040 × 4 B (float32)", a term per dtype. */
function byDtype(tensors: readonly TensorGroup[], what: string): string {
  const bytes = new Map<string, number>();
  for (const group of tensors) {
    const term = `× ${bytesPerElement(group.dtype)} B (${group.dtype})`;
    bytes.set(term, (bytes.get(term) ?? 0) + group.count * elementCount(group.shape));
  }
  const terms = [...bytes].map(([term, count]) => `${formatCount(count)} ${term}`);
  return `${what}: ${terms.join(" + ")}`;
}

/** "32 × (2, 2048, 4096) bfloat16 + …": the largest groups of equal tensors, then the rest. */
function listed(tensors: readonly TensorGroup[]): string {
  const named = tensors.slice(0, NAMED_GROUPS).map(({ count, shape, dtype, module, op }) => {
    const origin = module === "" ? op : module.replace(/^.*\*\./, "");
    return `${formatCount(count)} × (${shape.join(", ")}) ${dtype} of ${origin}`;
  });
  const rest = tensors.slice(NAMED_GROUPS).reduce((sum, { bytes }) => sum + bytes, 0);
  return rest === 0 ? named.join(" + ") : `${named.join(" + ")} + ${formatBytes(rest)} of others`;
}
