/** For how many tokens the layers of a model keep tables of sines and cosines. */

import { isRepeat } from "../../graph/tree/module-graph.js";
import type { ModuleNode } from "../../graph/tree/module-graph.js";
import type { TrainingSettings } from "./training.js";

/** A sentence when a sequence is longer than the tables that every layer keeps, or undefined. */
export function whyTablesEnd(
  root: ModuleNode,
  { max_length }: TrainingSettings,
): string | undefined {
  const rows = rowsKept(root);
  if (rows === undefined || max_length <= rows) return undefined;
  return `every layer keeps tables for ${rows} positions and a sequence has ${max_length}, for which it makes new ones in fp32, which is not modelled; set training.max_length to at most ${rows}`;
}

function rowsKept({ forward, children }: ModuleNode): number | undefined {
  for (const child of children) {
    const inner = isRepeat(child) ? child.element : child;
    const isTable = forward?.kind === "tabled_attention" && inner.name === forward.rotary;
    const rows = isTable
      ? inner.buffers.find(({ shape }) => shape.length === 2)?.shape[0]
      : rowsKept(inner);
    if (rows !== undefined) return rows;
  }
  return undefined;
}
