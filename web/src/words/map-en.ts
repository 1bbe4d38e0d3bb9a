/** The map of length and batch, in English. */

import { VERDICTS } from "./answer-en.js";

export const MAP = {
  heading: "How far this run could go",
  lead: "Process peak in GiB for batch by sequence length, all else as it is. Drag the ring, or choose a cell, to move the run.",
  batch: "Batch size",
  length: "Sequence length, tokens",
  working: (done: number, all: number) => `Row ${done} of ${all} …`,
  done: "A dash: the tensors alone are more than the card. A question mark: not computed.",
  cell: (batch: string, length: string, ...says: readonly string[]) =>
    `batch ${batch}, ${length} tokens: ${says.join(", ")}`,
  verdicts: VERDICTS,
  unknown: "not computed",
  unknownMark: "?",
  run: (batch: string, length: string) => `This run: batch ${batch}, ${length} tokens`,
} as const;
