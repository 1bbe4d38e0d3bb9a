/** The published shares of a peak, in their order, and which kinds of tensors each holds. */

import type { PartName } from "../../fields/result-names.js";
import type { Kind } from "../machine/tape.js";
import { KINDS } from "../machine/tape.js";

/** Bottom to top in a stacked chart: what is always there first. The list is part of the result format. */
export const PARTS = [
  "weights",
  "reference",
  "adapter_a",
  "adapter_b",
  "adapter_other",
  "optimizer",
  "gradients",
  "checkpoints",
  "activations",
  "loss",
  "communication",
  "buffers",
  "workspace",
  "batch",
] as const satisfies readonly PartName[];

/** A part that some program fills. */
export type ComputedPart = (typeof PARTS)[number];

/** Parts that only some runs have; the others are listed with nothing in them, too. */
export const RARE_PARTS: readonly ComputedPart[] = ["reference", "communication", "buffers"];

/** A weight unpacked for one matrix product is scratch space, like the workspaces of cuBLAS. */
const PART_OF: Readonly<Partial<Record<Kind, ComputedPart>>> = {
  logits: "loss",
  dequantized: "workspace",
};

export function partOf(kind: Kind): ComputedPart {
  return PART_OF[kind] ?? (kind as ComputedPart);
}

/** Index in PARTS of every kind. */
export const PART_INDEX: ReadonlyMap<Kind, number> = new Map(
  KINDS.map((kind) => [kind, PARTS.indexOf(partOf(kind))]),
);
