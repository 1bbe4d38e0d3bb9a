/** The verdict as the page shows it: words, and a mark beside the colour. */

import { formatBytes, verdictSentence, withArticle } from "lora-calc";
import type { Estimate, Scenario } from "lora-calc";
import { WORDS } from "../words/en.js";

export interface Verdict {
  readonly text: string;
  readonly tone: "good" | "tight" | "bad" | "plain";
  readonly mark: string;
}

const LOOK = {
  fits: { tone: "good", mark: "✓" },
  tight: { tone: "tight", mark: "≈" },
  does_not_fit: { tone: "bad", mark: "✕" },
} as const;

export function verdictOf(scenario: Scenario, { fit, memory }: Estimate): Verdict {
  if (memory === undefined) return { text: WORDS.answer.countsOnly, tone: "plain", mark: "" };
  const gpu = gpuName(scenario);
  if (fit === undefined || gpu === undefined) {
    return { text: WORDS.answer.needs(formatBytes(memory.process_peak)), tone: "plain", mark: "" };
  }
  return { text: verdictSentence(fit, withArticle(gpu)), ...LOOK[fit.verdict] };
}

export function gpuName({ hardware }: Scenario): string | undefined {
  const gpu = hardware?.["gpu"];
  return typeof gpu === "string" ? gpu : undefined;
}
