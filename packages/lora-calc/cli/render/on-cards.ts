/** One run on several cards: what it takes there, and what is left. */

import { formatBytes } from "lora-calc";
import type { OnCard } from "lora-calc";
import { alignColumns } from "./columns.js";
import type { Style } from "./style.js";

const RIGHT = { align: "right" } as const;

export function renderOnCards(rows: readonly OnCard[], style: Style): string {
  const lines = rows.map(({ card, capacity, process_peak: peak, fit, problem }) => [
    card,
    formatBytes(capacity),
    peak === undefined ? "–" : formatBytes(peak),
    fit === undefined ? "–" : formatBytes(fit.headroom),
    problem?.message ?? fit?.verdict.replaceAll("_", " ") ?? "not computed",
  ]);
  const [title = "", ...others] = alignColumns(
    [["card", "size", "process", "left", "verdict"], ...lines],
    [{}, RIGHT, RIGHT, RIGHT, {}],
  );
  return `${[style.strong(title), ...others].join("\n")}\n`;
}
