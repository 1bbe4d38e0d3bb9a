/** Which layers of a model with experts are dense. */

import type { Config } from "../../model/config.js";

/** The layers that `mlp_layer_types` does not call sparse, or the first `usual` ones where it is absent. */
export function denseLayers(config: Config, usual: number): (index: number) => boolean {
  const types = config.stringList("mlp_layer_types");
  return (index) => (types === undefined ? index < usual : types[index] !== "sparse");
}
