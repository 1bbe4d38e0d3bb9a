/** Buffers of a module that are storages of their own in a world. */

import type { ModuleNode } from "../../graph/tree/module-graph.js";
import type { WorldRules } from "../../worlds/world.js";

/** Without a clone `original_inv_freq` is a second name of the frequencies. */
export function ownBuffers(
  { buffers }: ModuleNode,
  { clonesFrequencies }: WorldRules,
): ModuleNode["buffers"] {
  return clonesFrequencies
    ? buffers
    : buffers.filter(({ name }) => !name.endsWith("original_inv_freq"));
}
