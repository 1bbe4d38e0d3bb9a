/** The tables of `list`. */

import { formatBytes, formatMagnitude } from "lora-calc";
import type { GpuRow, ModelRow, RecipeRow } from "lora-calc";
import { alignColumns } from "./columns.js";
import { shortValue } from "../one-line.js";
import type { Style } from "./style.js";

const RIGHT = { align: "right" } as const;

export function renderModels(rows: readonly ModelRow[], style: Style): string {
  const cells = rows.map((row) => [row.repo, row.id, formatMagnitude(row.parameters)]);
  return table(["model", "short name", "parameters"], cells, [{}, {}, RIGHT], style);
}

export function renderGpus(rows: readonly GpuRow[], style: Style): string {
  const cells = rows.map((row) => [
    row.name,
    formatBytes(row.memoryBytes),
    row.generation,
    row.memoryCertainty,
    row.note ?? "",
  ]);
  const header = ["gpu", "driver total", "generation", "certainty", ""];
  return table(header, cells, [{}, RIGHT, {}, {}, {}], style);
}

export function renderRecipes(rows: readonly RecipeRow[], style: Style): string {
  const cells = rows.map((row) => [
    row.id,
    row.scenario.model,
    shortValue(row.scenario.adapter["r"]),
    precision(row.scenario.quantization),
  ]);
  return table(["recipe", "model", "r", "base"], cells, [{}, {}, RIGHT, {}], style);
}

/** Names with a sentence each. */
export function renderNames(rows: readonly (readonly [string, string])[], style: Style): string {
  const [width] = rows.map(([name]) => name.length).sort((left, right) => right - left);
  return `${rows.map(([name, text]) => `${style.strong(name.padEnd(width ?? 0))}  ${text}`).join("\n")}\n`;
}

function precision(quantization: RecipeRow["scenario"]["quantization"]): string {
  if (quantization === null) return "16-bit";
  return quantization["load_in_8bit"] === true
    ? "int8"
    : shortValue(quantization["bnb_4bit_quant_type"]);
}

function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  columns: Parameters<typeof alignColumns>[1],
  style: Style,
): string {
  const [first = "", ...lines] = alignColumns([header, ...rows], columns);
  return `${[style.quiet(first), ...lines].join("\n")}\n`;
}
