/** The verdict as the page shows it: words, and which sign stands beside them. */

import { floorOf, formatBytes, peaksOf, verdictSentence, withArticle } from "lora-calc";
import type { Estimate, Scenario } from "lora-calc";
import { FLOOR } from "../words/answer-en.js";
import { WORDS } from "../words/en.js";

export interface Verdict {
  readonly text: string;
  readonly tone: "good" | "tight" | "bad" | "plain" | "unknown";
}

const LOOK = {
  fits: { tone: "good" },
  tight: { tone: "tight" },
  does_not_fit: { tone: "bad" },
} as const;

export function verdictOf(scenario: Scenario, estimate: Estimate): Verdict {
  const { fit } = estimate;
  const memory = peaksOf(estimate);
  const gpu = gpuName(scenario);
  if (memory === undefined) return withoutPeaks(estimate, gpu);
  if (fit === undefined || gpu === undefined) {
    return { text: WORDS.answer.needs(formatBytes(memory.process_peak)), tone: "plain" };
  }
  return { text: verdictSentence(fit, withArticle(gpu)), ...LOOK[fit.verdict] };
}

/** Of a step without a program: that it cannot fit, what it takes at the least, or nothing. */
function withoutPeaks(estimate: Estimate, gpu: string | undefined): Verdict {
  const { fit } = estimate;
  const floor = floorOf(estimate);
  if (floor === undefined) return { text: WORDS.answer.countsOnly, tone: "plain" };
  if (fit !== undefined && gpu !== undefined) {
    return { text: verdictSentence(fit, withArticle(gpu), true), ...LOOK[fit.verdict] };
  }
  return { text: FLOOR.verdict(formatBytes(floor.at_least)), tone: "unknown" };
}

export function gpuName({ hardware }: Scenario): string | undefined {
  const gpu = hardware?.["gpu"];
  return typeof gpu === "string" ? gpu : undefined;
}
