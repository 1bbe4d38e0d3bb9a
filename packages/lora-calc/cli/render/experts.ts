/** The tensors of a model's experts: what trains on them, how they are stored. */

import { formatBytes, formatCount } from "lora-calc";
import type { ExpertsDescription, ExpertTensor } from "lora-calc";
import { alignColumns, wrap } from "./columns.js";
import { oneLine } from "../one-line.js";
import type { Style } from "./style.js";

/** Name of the part on the command line. */
export const EXPERTS = "experts";

const REACHED: Readonly<Record<ExpertTensor["adapted"], string>> = {
  no: "frozen",
  target_modules: "target_modules",
  target_parameters: "target_parameters",
  modules_to_save: "modules_to_save",
  all: "all of it",
};

export function renderExperts(
  { experts, parameters, bytes }: ExpertsDescription,
  style: Style,
): string {
  const header = ["tensor", "shape", "stored", "bytes", "trained by", "parameters"];
  const rows = experts.map((tensor) => [
    oneLine(shortened(tensor.path)),
    `${formatCount(tensor.count)} × ${tensor.shape.join("×")}`,
    tensor.stored,
    formatBytes(tensor.bytes),
    REACHED[tensor.adapted],
    formatCount(tensor.trainable),
  ]);
  const right = { align: "right" } as const;
  const lines = alignColumns([header, ...rows], [{}, right, {}, right, {}, right]);
  const total = `${formatCount(parameters)} parameters in ${formatBytes(bytes)}`;
  return [
    style.strong(EXPERTS),
    wrap(total, "  ", "  "),
    ...lines.map((line) => `  ${line}`),
    "",
  ].join("\n");
}

/** Without the layer and the block, which all of them share. */
function shortened(path: string): string {
  return path.replace(/^.*\.experts\./, "").replace(/^\*\./, "");
}
