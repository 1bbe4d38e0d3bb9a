/** Weights of all experts of a layer in one parameter, as transformers holds them since version 5. */

import type { ModuleNode, Parameter } from "./module-graph.js";

/** The parameters of a module that stack experts: (experts, rows, columns). */
export function stackedExperts({ parameters, type }: ModuleNode): readonly Parameter[] {
  return type.endsWith("Experts") ? parameters.filter(({ shape }) => shape.length === 3) : [];
}
