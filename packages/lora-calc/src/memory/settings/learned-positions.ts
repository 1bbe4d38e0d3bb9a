/** For how many tokens a model has learned positions. */

import type { Forward } from "../../graph/tree/forward.js";
import { isRepeat } from "../../graph/tree/module-graph.js";
import type { ModuleNode } from "../../graph/tree/module-graph.js";

/** Rows of the table of positions that tokens may have; undefined for a model without one. */
export function learnedPositions(node: ModuleNode): number | undefined {
  const table = tableOf(node.forward);
  for (const child of node.children) {
    if (isRepeat(child)) continue;
    const places =
      child.name === table?.name && child.layer?.kind === "embedding"
        ? child.layer.rows - table.unused
        : learnedPositions(child);
    if (places !== undefined) return places;
  }
  return undefined;
}

interface Table {
  readonly name: string;
  readonly unused: number;
}

/** First rows that BART and mBART leave unused. */
const OFFSET = 2;

function tableOf(forward: Forward | undefined): Table | undefined {
  if (forward?.kind === "text_embeddings") {
    return { name: forward.positions, unused: forward.unusedPositions };
  }
  if (forward?.kind === "paired_stack" && forward.places !== "counted") {
    return { name: forward.positions, unused: forward.places === "learned" ? OFFSET : 0 };
  }
  if (forward?.kind !== "decoder" || forward.positionEmbedding === undefined) return undefined;
  return { name: forward.positionEmbedding, unused: forward.unusedPositions ?? 0 };
}
