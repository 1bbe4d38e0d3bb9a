/** Parts of a result with their formulas and this run's numbers. */

import { formatBytes, formatCount, formatTrainableLine, methodFacts } from "lora-calc";
import type { Certainty, Estimate, MemoryPart } from "lora-calc";
import { alignColumns, wrap } from "./columns.js";
import { oneLine, shortValue } from "../one-line.js";
import type { Style } from "./style.js";

const MEANING: Readonly<Record<Certainty, string>> = {
  exact: "equal to PEFT or PyTorch to the unit",
  traced: "compared with traces of the real code",
  read: "from source that no judge runs",
  fitted: "a constant taken from measurements",
  assumed: "nobody measured it; a guess",
};

/** Names that `explain` takes for this result. */
export function explainable(estimate: Estimate): readonly string[] {
  return ["parameters", ...partsOf(estimate).map(({ name }) => name)];
}

/** The parts of the allocated peak, then what the process holds beside it. */
function partsOf(estimate: Estimate): readonly MemoryPart[] {
  const { parts = [], beyond_tensors: beyond = [] } = estimate.memory ?? {};
  return [...parts, ...beyond];
}

export function renderExplanation(
  estimate: Estimate,
  names: readonly string[],
  style: Style,
  peftType?: string,
): string {
  const wanted = names.length > 0 ? names : explainable(estimate);
  const parts = partsOf(estimate);
  const blocks = wanted.map((name) => {
    const part = parts.find((candidate) => candidate.name === name);
    return part === undefined ? parameterBlock(estimate, peftType, style) : partBlock(part, style);
  });
  return `${blocks.join("\n\n")}\n`;
}

function partBlock({ name, bytes, certainty, formula, source }: MemoryPart, style: Style): string {
  return [
    `${style.strong(name)}  ${formatBytes(bytes)} (${formatCount(bytes)} bytes)`,
    wrap(`= ${oneLine(formula)}`, "  ", "    "),
    style.quiet(`  ${certainty}: ${MEANING[certainty]}`),
    style.quiet(wrap(`source: ${source}`, "  ", "    ")),
  ].join("\n");
}

/** What one module of the method trains; LoRA also has the shapes of its two matrices. */
function formulaLine(peftType: string | undefined): readonly string[] {
  if (peftType === undefined) return [];
  if (peftType === "LORA") {
    return ["  one LoRA module trains rank × (in + out): A is (rank, in), B is (out, rank)"];
  }
  const formula = methodFacts(peftType)?.formula;
  return formula === undefined ? [] : [`  ${peftType} trains ${formula}`];
}

function parameterBlock(estimate: Estimate, peftType: string | undefined, style: Style): string {
  const { trainable, all, base, by_module: modules = [] } = estimate.parameters;
  const header = ["module", "in", "out", "rank", "count", "trainable"];
  const rows = modules.map((row) => [
    oneLine(row.path),
    shortValue(row.in_features ?? ""),
    shortValue(row.out_features ?? ""),
    shortValue(row.rank ?? ""),
    formatCount(row.count),
    formatCount(row.trainable),
  ]);
  const right = { align: "right" } as const;
  return [
    style.strong("parameters"),
    `  ${formatTrainableLine(trainable, all)}`,
    `  base model: ${formatCount(base)}`,
    ...formulaLine(peftType),
    ...alignColumns([header, ...rows], [{}, right, right, right, right, right]).map(
      (line) => `  ${line}`,
    ),
    style.quiet(`  exact: ${MEANING.exact}`),
  ].join("\n");
}
