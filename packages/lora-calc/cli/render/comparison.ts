/** Scenarios side by side, each with its difference from the first. */

import { compareEstimates, formatBytes, formatCount, formatFixed } from "lora-calc";
import type { Estimate, FigureName } from "lora-calc";
import { alignColumns } from "./columns.js";
import type { Style } from "./style.js";

export interface Compared {
  readonly name: string;
  readonly estimate: Estimate;
}

const LABELS: Partial<Record<FigureName, string>> = {
  percent: "trainable%",
  stored: "base weights",
  adapter_file: "adapter file",
  at_least: "at least",
};

const TEXT = { parameters: formatCount, bytes: formatBytes, percent: percentText } as const;

function percentText(value: number): string {
  return formatFixed(value, 4);
}

const RIGHT = { align: "right" } as const;

export function renderComparison(compared: readonly Compared[], style: Style): string {
  const [first] = compared;
  const rows = compareEstimates(compared.map(({ estimate }) => estimate)).map(
    ({ name, unit, values }) => [
      LABELS[name] ?? name,
      ...values.map((value, index) => cell(TEXT[unit], value, values[0], index)),
    ],
  );
  const verdicts = compared.map(({ estimate }) => estimate.fit?.verdict.replaceAll("_", " ") ?? "");
  const header = ["", ...compared.map(({ name }, index) => `${index + 1} ${name}`)];
  const [title = "", ...lines] = alignColumns(
    [header, ...rows, ...(verdicts.every((text) => text === "") ? [] : [["verdict", ...verdicts]])],
    [{}, ...compared.map(() => RIGHT)],
  );
  return first === undefined ? "" : `${[style.strong(title), ...lines].join("\n")}\n`;
}

/** The value, and after the first column its difference from there. */
function cell(
  text: (value: number) => string,
  value: number | undefined,
  base: number | undefined,
  index: number,
): string {
  if (value === undefined) return "–";
  if (index === 0 || base === undefined || value === base) return text(value);
  const sign = value > base ? "+" : "−";
  return `${text(value)} (${sign}${text(Math.abs(value - base))})`;
}
