/** Which module trained tokens belong to when none is named. */

import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { reject } from "../../problem/problem.js";

/** Path of the input embedding; transformers does not know the one of some classes (clip, wav2vec2). */
export function embeddingPath({ inputEmbedding, className }: ModuleGraph): string {
  if (inputEmbedding !== undefined) return inputEmbedding;
  reject({
    code: "not_implemented_by_peft",
    path: "adapter",
    message: `${className} does not say which module its input embedding is, and trained tokens need it`,
  });
}
