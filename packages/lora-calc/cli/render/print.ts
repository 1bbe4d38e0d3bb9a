/** Why a tool printed the number that somebody saw. */

import { formatCount, formatTrainableLine } from "lora-calc";
import type { PrintExplanation } from "lora-calc";
import { alignColumns, wrap } from "./columns.js";
import type { Style } from "./style.js";

export function renderPrint(explained: PrintExplanation, style: Style): string {
  const { printed, parameters, reasons } = explained;
  const { trainable, all } = parameters;
  const right = { align: "right" } as const;
  const rows = [
    ["", "trainable", "all"],
    ["you saw", figure(printed.trainable), figure(printed.all)],
    ["PEFT prints", formatCount(trainable), formatCount(all)],
  ];
  return `${[
    style.strong(formatTrainableLine(trainable, all)),
    alignColumns(rows, [{}, right, right])
      .map((row) => `  ${row}`)
      .join("\n"),
    [
      style.strong("Why"),
      ...reasons.map(({ code, message }) => wrap(`${code}: ${message}`, "  ", "    ")),
    ].join("\n"),
  ].join("\n\n")}\n`;
}

function figure(value: number | undefined): string {
  return value === undefined ? "" : formatCount(value);
}
