/** Scenarios side by side, each with its difference from the first. */

import { formatBytes, formatCount, formatFixed } from "lora-calc";
import type { Estimate } from "lora-calc";
import { alignColumns } from "./columns.js";
import type { Style } from "./style.js";

export interface Compared {
  readonly name: string;
  readonly estimate: Estimate;
}

interface Measure {
  readonly label: string;
  readonly of: (estimate: Estimate) => number | undefined;
  readonly text: (value: number) => string;
}

const MEASURES: readonly Measure[] = [
  { label: "trainable", of: ({ parameters }) => parameters.trainable, text: formatCount },
  { label: "all", of: ({ parameters }) => parameters.all, text: formatCount },
  {
    label: "trainable%",
    of: ({ parameters }) => parameters.percent,
    text: (value) => formatFixed(value, 4),
  },
  { label: "base weights", of: ({ weights }) => weights?.bytes, text: formatBytes },
  { label: "allocated", of: ({ memory }) => memory?.allocated_peak, text: formatBytes },
  { label: "reserved", of: ({ memory }) => memory?.reserved_peak, text: formatBytes },
  { label: "process", of: ({ memory }) => memory?.process_peak, text: formatBytes },
  { label: "headroom", of: ({ fit }) => fit?.headroom, text: formatBytes },
];

const RIGHT = { align: "right" } as const;

export function renderComparison(compared: readonly Compared[], style: Style): string {
  const [first] = compared;
  const rows = MEASURES.flatMap((measure) => {
    const values = compared.map(({ estimate }) => measure.of(estimate));
    if (values.every((value) => value === undefined)) return [];
    return [
      [measure.label, ...values.map((value, index) => cell(measure, value, values[0], index))],
    ];
  });
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
  { text }: Measure,
  value: number | undefined,
  base: number | undefined,
  index: number,
): string {
  if (value === undefined) return "–";
  if (index === 0 || base === undefined || value === base) return text(value);
  const sign = value > base ? "+" : "−";
  return `${text(value)} (${sign}${text(Math.abs(value - base))})`;
}
