/** What LitGPT's model holds beyond what its user expects. */

import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import type { Warning } from "../../problem/codes.js";
import { bytesOf, elementCount } from "../../units/dtype.js";
import { formatBytes } from "../../units/format.js";
import type { Quantization } from "../settings/quantization.js";
import type { TrainingSettings } from "../settings/training.js";

/** Source: litgpt 0.5.13 lora.py `GPT.__init__`, finetune/lora.py `main`; bitsandbytes nn/modules.py `StableEmbedding`. */
export function litgptWarnings(
  graph: ModuleGraph,
  { litgpt, dtype }: TrainingSettings,
  quantization: Quantization | undefined,
): readonly Warning[] {
  const table = sitesOf(graph).find(({ node }) => node.layer?.kind === "embedding")?.node;
  const shape = table?.parameters[0]?.shape;
  if (litgpt === undefined || shape === undefined) return [];
  const size = formatBytes(bytesOf(elementCount(shape), dtype));
  const isTied = sitesOf(graph).some(({ node }) =>
    node.parameters.some(({ tiedTo }) => tiedTo !== undefined),
  );
  return [
    ...(isTied && quantization === undefined
      ? [
          {
            code: "own_head" as const,
            message: `LitGPT's model ties nothing: its head is a matrix of its own, ${size} more than the checkpoint`,
          },
        ]
      : []),
    ...(quantization === undefined
      ? []
      : [
          {
            code: "unused_gradient" as const,
            message: `beside packed weights LitGPT puts bitsandbytes' StableEmbedding in place of the embedding: both stay on the card, and it has a gradient that no optimizer uses and nothing clears: ${size} each`,
          },
        ]),
  ];
}
