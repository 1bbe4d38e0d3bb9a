/** Measured runs beside predictions, in English. */

import type { Tier } from "lora-calc";

const TIERS = {
  allocated: "allocated",
  reserved: "reserved",
  process: "process",
  needed: "memory of the card",
} as const;

export const EVIDENCE = {
  heading: "Checked against",
  lead: "Peaks that other people measured on real cards, beside what this page says about the same run. Nothing is fitted to these rows; our side of the table is computed here, while you look.",
  waiting: "The measured runs appear as you come to them.",
  working: (done: number, all: number) => `Computing run ${done} of ${all} …`,
  done: (all: number) => `${all} runs computed here.`,
  tools: "Errors of every tool",
  us: "lora-calc",
  tiers: TIERS,
  tool: "Tool",
  error: "Error",
  axis: ["−100 %, says too little", "measured", "says too much, +100 %"],
  runs: "Runs",
  mean: "Mean",
  range: "Range",
  rangeText: (low: string, high: string) => `${low} to ${high}`,
  pending: "…",
  fairness:
    "Hollow: the measured program is not quite the predicted one. Each tool as published, asked through its own interface with its defaults, and held to what it says it predicts. fitcheck, canifinetune and vramcalc are by the people who measured the T4, RTX 4080 and A6000 runs: they knew them.",
  each: "Every run",
  eachTable: "Measured runs and errors",
  run: "Run",
  open: "Open",
  openRun: (run: string) => `Open the run ${run} in the calculator`,
  differs: "Not quite the same program:",
  bits: { four: "4-bit", half: "16-bit", full: "32-bit, autocast" },
  noCheckpointing: "no checkpointing",
  source: "source",
  sourceOf: (run: string) => `Measurement of ${run}`,

  own: {
    summary: "Measured it yourself?",
    lead: "What PyTorch printed after the first few steps of the run that is set above, with its unit.",
    fields: {
      allocated: "torch.cuda.max_memory_allocated()",
      reserved: "torch.cuda.max_memory_reserved()",
      process: "nvidia-smi",
    } satisfies Readonly<Record<Tier, string>>,
    placeholder: "7.52 GiB",
    notASize: (text: string) =>
      `“${text}” is not a size. A number and its unit: 7.52 GiB, 8075 MiB or 8074035200 B.`,
    noMemory: "Memory of the run above is not computed, so there is nothing to compare.",
    says: (tier: string, predicted: string, error: string) =>
      `${tier}: predicted ${predicted}, ${error}.`,
    inside: "Inside the band.",
    outside: "Outside the band: this is worth an issue.",
    row: "As a row for the table; say in “source” where the measurement can be read:",
    rowLabel: "Row for conformance/measured/runs.json",
    copy: "Copy the row",
  },
} as const;
