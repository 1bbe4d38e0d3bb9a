/** The sizes of a model by which people tell it from others. */

import { readModel } from "../../graph/read-model.js";
import type { Forward } from "../../graph/tree/forward.js";
import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import { Fields } from "../../problem/fields.js";
import { InputError } from "../../problem/problem.js";

/** What is not known of a model is absent. */
export interface ModelSizes {
  readonly layers?: number;
  readonly hiddenSize?: number;
  /** Query heads of one layer, where its attention has a program here. */
  readonly heads?: number;
  readonly keyValueHeads?: number;
  /** Rows of the word embedding. */
  readonly vocabulary?: number;
}

/**
 * Layers, widths, heads and vocabulary of a scenario's model; undefined when the model cannot be read (`estimate` says why).
 *
 * Example: modelSizes({ model: "meta-llama/Llama-3.1-8B" })?.keyValueHeads // 8
 */
export function modelSizes(scenario: unknown): ModelSizes | undefined {
  try {
    return sizesOf(readModel(new Fields(scenario, "")).graph);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

function sizesOf(graph: ModuleGraph): ModelSizes {
  const { decoder, inputEmbedding } = graph;
  const sites = sitesOf(graph);
  const attention = sites.map(({ node }) => node.forward).find(isAttention);
  const table = sites.find(({ path }) => path === inputEmbedding)?.node.layer;
  return {
    ...(decoder === undefined ? {} : { layers: decoder.layers, hiddenSize: decoder.hiddenSize }),
    ...(attention === undefined
      ? {}
      : { heads: attention.heads, keyValueHeads: attention.keyValueHeads }),
    ...(table?.kind === "embedding" ? { vocabulary: table.rows } : {}),
  };
}

function isAttention(
  forward: Forward | undefined,
): forward is Extract<Forward, { keyValueHeads: number }> {
  return forward !== undefined && "keyValueHeads" in forward;
}
