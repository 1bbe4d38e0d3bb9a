/** What a blueprint is: the module tree of one model_type, as a function of its config.json. */

import type { Assumption, Config } from "../../model/config.js";
import type { World } from "../../worlds/world.js";
import type { ModuleGraph } from "./module-graph.js";

/** What besides the configuration decides the tree. */
export interface BuildContext {
  /** Class to build: `architectures[0]` of the config, or the causal language model when absent. */
  readonly className: string | undefined;
  /** Releases that build it. */
  readonly world: World;
}

export interface Blueprint {
  readonly modelType: string;
  /** Its classes lie in the repository (trust_remote_code), and none in transformers. */
  readonly isOwnCode?: true;
  /** Where the usual release of transformers stops in that code: one that runs it, and what the others raise. */
  readonly runsUnder?: { readonly transformers: string; readonly elsewhere: string };
  readonly build: (config: Config, context: BuildContext) => ModuleGraph;
}

export interface BuiltGraph {
  readonly graph: ModuleGraph;
  /** Values that the configuration did not give. */
  readonly assumed: readonly Assumption[];
}
