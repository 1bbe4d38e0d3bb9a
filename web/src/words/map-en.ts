/** The map of length and batch, in English. */

import type { Fit } from "lora-calc";

export const MAP = {
  heading: "How far this run could go",
  lead: "Process peak in GiB for batch by sequence length, all else as it is. Drag the ring, or choose a cell, to move the run.",
  leadWithoutCard: "Choose a card to see what fits.",
  batch: "Batch size",
  length: "Sequence length, tokens",
  working: (done: number, all: number) => `Row ${done} of ${all} …`,
  done: "A dash: the tensors alone are more than the card.",
  cell: (batch: string, length: string, verdict: string, size: string | undefined) =>
    `batch ${batch}, ${length} tokens: ${verdict}${size === undefined ? "" : `, ${size}`}`,
  verdicts: {
    fits: "fits",
    tight: "tight",
    does_not_fit: "does not fit",
  } satisfies Readonly<Record<Fit["verdict"], string>>,
  unknown: "not computed",
  run: (batch: string, length: string) => `This run: batch ${batch}, ${length} tokens`,
} as const;
