/** Linear layers that bitsandbytes passes over. */

import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import type { Warning } from "../../problem/codes.js";
import { elementCount } from "../../units/dtype.js";
import { formatCount } from "../../units/format.js";
import { isLinearSubclass } from "../settings/quantization.js";
import type { Quantization } from "../settings/quantization.js";

/** transformers 5 packs modules whose class is exactly nn.Linear; Falcon's are a subclass, so nothing of it is packed. */
export function subclassWarnings(
  graph: ModuleGraph,
  quantization: Quantization | undefined,
): readonly Warning[] {
  if (quantization === undefined || quantization.packsSubclasses === true) return [];
  const sites = sitesOf(graph).filter(({ node }) => isLinearSubclass(node));
  const [first] = sites;
  if (first === undefined) return [];
  const parameters = sites.reduce((sum, { node, count }) => {
    const weight = node.parameters.find(({ name }) => name === "weight");
    return sum + count * elementCount(weight?.shape ?? [0]);
  }, 0);
  return [
    {
      code: "linears_not_quantized",
      message: `transformers 5 packs only modules whose class is exactly nn.Linear: ${formatCount(parameters)} weights in ${first.node.type} stay as they are (transformers 4.57 packs them)`,
    },
  ];
}
