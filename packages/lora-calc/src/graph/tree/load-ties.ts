/**
 * Which weights are one after loading: a checkpoint can hold an own output embedding where the configuration ties it.
 *
 * Source: transformers modeling_utils.py `tie_weights`: a pair is left apart if the checkpoint has both names and
 * their numbers differ. Judged: conformance/unequal_ties.py.
 */

import type { Ties } from "../../model/description.js";
import type { TensorHeader } from "../../model/description.js";
import type { Child, ModuleGraph, ModuleNode } from "./module-graph.js";
import { isRepeat } from "./module-graph.js";

/** The graph with its output embedding as a weight of its own, where the checkpoint holds one. */
export function withTiesAsLoaded(
  graph: ModuleGraph,
  ties: Ties,
  tensors?: Readonly<Record<string, TensorHeader>>,
): ModuleGraph {
  const head = tiedHead(graph);
  if (head === undefined || ties === "config") return graph;
  if (tensors !== undefined && !Object.hasOwn(tensors, head)) return graph;
  // What the class declares stays declared: PEFT asks the class, not the tensors.
  return { ...graph, root: withOwnWeight(graph.root, head.split(".")) };
}

/** Name of the output embedding's weight where the configuration ties it to another one. */
export function tiedHead({ tied, outputEmbedding }: ModuleGraph): string | undefined {
  if (outputEmbedding === undefined) return undefined;
  const name = `${outputEmbedding}.weight`;
  return tied.some((names) => names.includes(name)) ? name : undefined;
}

/** Whether a header holds the output embedding and what it is tied to. */
export function storesBoth(
  graph: ModuleGraph,
  tensors: Readonly<Record<string, TensorHeader>>,
): boolean {
  const head = tiedHead(graph);
  if (head === undefined || !Object.hasOwn(tensors, head)) return false;
  const others = graph.tied.find((names) => names.includes(head)) ?? [];
  return others.some((name) => name !== head && Object.hasOwn(tensors, name));
}

function withOwnWeight(node: ModuleNode, [step = "", ...rest]: readonly string[]): ModuleNode {
  if (rest.length === 0) {
    const parameters = node.parameters.map((parameter) => {
      if (parameter.name !== step) return parameter;
      const { name, shape, dtype } = parameter;
      return {
        name,
        shape,
        isDeclaredTied: true as const,
        ...(dtype === undefined ? {} : { dtype }),
      };
    });
    return { ...node, parameters };
  }
  const children = node.children.map((child): Child =>
    isRepeat(child) || child.name !== step ? child : withOwnWeight(child, rest),
  );
  return { ...node, children };
}
