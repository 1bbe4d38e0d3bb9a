/** What a blueprint is: the module tree of one model_type, as a function of its config.json. */

import type { Config } from "../../model/config.js";
import type { ModuleGraph } from "./module-graph.js";

/** What besides the configuration decides the tree. */
export interface BuildContext {
  /** Class to build: `architectures[0]` of the config, or the causal language model when absent. */
  readonly className: string | undefined;
  /** Major version of transformers; names and shapes of MoE and vision modules differ between 4 and 5. */
  readonly transformersMajor: number;
}

export interface Blueprint {
  readonly modelType: string;
  readonly build: (config: Config, context: BuildContext) => ModuleGraph;
}
