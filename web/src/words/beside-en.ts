/** Two runs side by side, and one run on several cards, in English. */

import type { FigureName } from "lora-calc";
import { VERDICTS } from "./answer-en.js";

export const BESIDE = {
  pin: "Pin this run to compare",
  pinAgain: "Pin this run instead",
  unpin: "Unpin",
  swap: "Swap",
  heading: "Side by side",
  table: "Figures of both runs",
  pinned: "Pinned",
  current: "This run",
  difference: "Difference",
  /** Undefined where the run leaves either to its defaults. */
  shape: (batch: unknown, length: unknown) =>
    typeof batch === "number" && typeof length === "number"
      ? `${batch} × ${length} tokens`
      : undefined,
  rank: (rank: unknown) => (typeof rank === "number" ? `r = ${rank}` : undefined),
  lead: "Both bars on one scale. Change anything: the pinned run stays.",
  figures: {
    trainable: "Trainable parameters",
    all: "All parameters",
    percent: "trainable%",
    stored: "Stored base",
    adapter_file: "Adapter file",
    allocated: "Allocated",
    reserved: "Reserved",
    process: "Process",
    at_least: "At least",
    headroom: "Left on the card",
  } as Partial<Record<FigureName, string>>,
} as const;

export const CARDS = {
  heading: "This run on eight kinds of card",
  lead: "Kernels and contexts differ by card, so each is an estimate of its own.",
  table: "Eight cards",
  working: "Estimating on eight cards …",
  card: "Card",
  size: "Size",
  process: "Process",
  left: "Left",
  verdict: "Verdict",
  verdicts: VERDICTS,
  unknown: "not computed",
  choose: (card: string) => `Use ${card}`,
} as const;
