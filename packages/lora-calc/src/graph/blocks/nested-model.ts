/** A whole model as a module of another one. */

import { isRepeat } from "../tree/module-graph.js";
import type { Child, ModuleGraph, ModuleNode } from "../tree/module-graph.js";

export interface NestedModel {
  readonly node: ModuleNode;
  readonly inputEmbedding?: string;
  readonly outputEmbedding?: string;
  readonly tied: readonly string[];
}

/** The model under an attribute of its owner: every path inside it begins with that name. */
export function nestedModel(name: string, graph: ModuleGraph): NestedModel {
  const { root, inputEmbedding, outputEmbedding, tied } = graph;
  const inside = (path: string): string => `${name}.${path}`;
  const moved = (node: ModuleNode): ModuleNode => ({
    ...node,
    parameters: node.parameters.map((parameter) =>
      parameter.tiedTo === undefined
        ? parameter
        : { ...parameter, tiedTo: inside(parameter.tiedTo) },
    ),
    children: node.children.map((child): Child =>
      isRepeat(child) ? { ...child, element: moved(child.element) } : moved(child),
    ),
  });
  return {
    node: { ...moved(root), name },
    ...(inputEmbedding === undefined ? {} : { inputEmbedding: inside(inputEmbedding) }),
    ...(outputEmbedding === undefined ? {} : { outputEmbedding: inside(outputEmbedding) }),
    tied: (tied[0] ?? []).map(inside),
  };
}
