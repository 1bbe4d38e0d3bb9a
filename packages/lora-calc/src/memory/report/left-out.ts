/** What of a model the step leaves out: eyes, and what sentence-transformers puts behind a class. */

import type { ModuleGraph, ModuleNode } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import type { Warning } from "../../problem/codes.js";

export function leftOutWarnings(graph: ModuleGraph): readonly Warning[] {
  return [...textOnlyWarnings(graph), ...denseWarnings(graph), ...convolutionWarnings(graph)];
}

/** Models that see are run on batches of text alone. */
function textOnlyWarnings(graph: ModuleGraph): readonly Warning[] {
  const sees = sitesOf(graph).some(({ node }) => node.forward?.kind === "vision_language");
  if (!sees) return [];
  return [
    {
      code: "text_only",
      message:
        "the step is one of text alone: the part that sees is loaded and does not run; pictures take more, which is not computed",
    },
  ];
}

/** Convolutions that read all channels, which cuDNN runs; it chooses an algorithm by the card, with a workspace of its own. */
function convolutionWarnings(graph: ModuleGraph): readonly Warning[] {
  const seesImages = graph.root.forward?.kind === "image_classifier";
  const convolves = sitesOf(graph).some(
    ({ node: { forward } }) => forward?.kind === "convolution_layer",
  );
  if (!seesImages && !convolves) return [];
  return [
    {
      code: "partial_program",
      message:
        "cuDNN takes a workspace for the convolution while it runs, by an algorithm that it chooses for the card; it is not published, and not computed",
    },
  ];
}

/**
 * EmbeddingGemma's repository has two Dense layers behind the pooling, which stay float32 and train whole beside an adapter.
 *
 * Source: developers.googleblog.com/en/gemma-explained-embeddinggemma-architecture-and-recipe (768 → 3,072 → 768);
 * sentence-transformers 6.2, whose `add_adapter` freezes the transformer alone. Certainty: read.
 */
function denseWarnings({ root, decoder }: ModuleGraph): readonly Warning[] {
  if (!embedsBothWays(root) || decoder === undefined) return [];
  const width = decoder.hiddenSize;
  const inner = 4 * width;
  const parameters = 2 * width * inner;
  // Weight, gradient and two states in float32.
  const mebibytes = Math.round((16 * parameters) / 2 ** 20);
  return [
    {
      code: "partial_program",
      message: `where the repository has Dense layers behind the pooling, as EmbeddingGemma's (${width} → ${inner} → ${width}), they train whole beside an adapter: about ${mebibytes} MiB more, which are not computed`,
    },
  ];
}

/** The class is the decoder itself, which attends to both sides. */
function embedsBothWays({ forward }: ModuleNode): boolean {
  return forward?.kind === "decoder" && forward.seesBothWays === true;
}
