/** What is left out where a model sees. */

import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import type { Warning } from "../../problem/codes.js";

/** Models that see are run on batches of text alone. */
export function textOnlyWarnings(graph: ModuleGraph): readonly Warning[] {
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
