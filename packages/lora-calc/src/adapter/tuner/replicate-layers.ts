/**
 * `layer_replication`: the list of layers becomes the ranges one after the other. A layer that comes again shares the
 * weights of the first one and has an adapter of its own.
 *
 * Source: peft tuners/tuners_utils.py `replicate_layers`.
 */

import { isRepeat } from "../../graph/tree/module-graph.js";
import type { Child, ModuleGraph, ModuleNode, Repeat } from "../../graph/tree/module-graph.js";
import type { Fields } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import { rejectOption } from "../plan/reject-option.js";

const FIELD = "layer_replication";
/** Published merges have some 150 layers. */
const MAX_LAYERS = 1000;

/** The model with its layers replicated; itself where the option is not used. */
export function replicateLayers(graph: ModuleGraph, adapter: Fields): ModuleGraph {
  const ranges = readRanges(adapter);
  if (ranges.length === 0) return graph;
  return { ...graph, root: withLayers(graph.root, graph, adapter, ranges) };
}

type Range = readonly [number, number];

function readRanges(adapter: Fields): readonly Range[] {
  const given = adapter.get(FIELD);
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given)) rejectOption(adapter, FIELD, "must be a list of [start, end] pairs");
  return given.map((range: unknown): Range => {
    const [start, end, ...rest] = Array.isArray(range) ? (range as readonly unknown[]) : [];
    if (!isIndex(start) || !isIndex(end) || rest.length > 0) {
      rejectOption(adapter, FIELD, "must be a list of [start, end] pairs");
    }
    return [start, end];
  });
}

function isIndex(value: unknown): value is number {
  return Number.isInteger(value);
}

/** Goes down through `model`, then `bert`, to `layers`, `encoder.layer` or `h`. */
function withLayers(
  node: ModuleNode,
  graph: ModuleGraph,
  adapter: Fields,
  ranges: readonly Range[],
): ModuleNode {
  const names = node.children.flatMap((child) => (isRepeat(child) ? [] : [child.name]));
  const into = (name: string, make: (child: ModuleNode) => ModuleNode): ModuleNode => ({
    ...node,
    children: node.children.map((child) =>
      !isRepeat(child) && child.name === name ? make(child) : child,
    ),
  });
  const below = (child: ModuleNode): ModuleNode => withLayers(child, graph, adapter, ranges);
  if (names.includes("model")) return into("model", below);
  if (names.includes("bert")) return into("bert", below);
  const isInEncoder = node.children.some(
    (child) =>
      !isRepeat(child) &&
      child.name === "encoder" &&
      child.children.some((inner) => !isRepeat(inner) && inner.name === "layer"),
  );
  if (isInEncoder && !names.includes("layers")) {
    return into("encoder", (encoder) => ({
      ...encoder,
      children: encoder.children.map((child) =>
        !isRepeat(child) && child.name === "layer" ? replicated(child, ranges) : child,
      ),
    }));
  }
  const list = ["layers", "h"].find((name) => names.includes(name));
  if (list !== undefined) return into(list, (layers) => replicated(layers, ranges));
  reject({
    code: "invalid_adapter_option",
    path: `adapter.${FIELD}`,
    message: `${FIELD} finds no list of layers (layers, encoder.layer or h) in ${graph.className}`,
    received: adapter.get(FIELD),
  });
}

function replicated(layers: ModuleNode, ranges: readonly Range[]): ModuleNode {
  const elements: ModuleNode[] = [];
  for (const child of layers.children) {
    if (isRepeat(child)) for (const index of child.indices) elements[index] = child.element;
  }
  const order = positions(ranges, elements.length);
  const groups = new Map<ModuleNode, number[]>();
  const shared = new Map<ModuleNode, ModuleNode>();
  const seen = new Set<number>();
  order.forEach((index, position) => {
    const element = elements[index];
    if (element === undefined) return;
    const again = shared.get(element) ?? sharing(element);
    shared.set(element, again);
    const node = seen.has(index) ? again : element;
    seen.add(index);
    const group = groups.get(node) ?? [];
    group.push(position);
    groups.set(node, group);
  });
  const children = [...groups].map(([element, indices]): Repeat => ({ element, indices }));
  return { ...layers, children };
}

/** Index of the layer at every position. Negative ones count from the end, as in Python. */
function positions(ranges: readonly Range[], count: number): readonly number[] {
  const order: number[] = [];
  for (const [start, end] of ranges) {
    for (let source = start; source < end; source += 1) {
      if (source < -count || source >= count) {
        reject({
          code: "invalid_layer_index",
          path: `adapter.${FIELD}`,
          message: `${FIELD} names layer ${source} of ${count}`,
          received: source,
          expected: `0 to ${count - 1}`,
        });
      }
      if (order.length === MAX_LAYERS) {
        reject({
          code: "limit_exceeded",
          path: `adapter.${FIELD}`,
          message: `${FIELD} makes more than ${MAX_LAYERS} layers`,
          received: `${ranges.length} ranges`,
          expected: `at most ${MAX_LAYERS} layers`,
        });
      }
      order.push(source < 0 ? source + count : source);
    }
  }
  return order;
}

/** The same tree with every parameter counted elsewhere. */
function sharing(node: ModuleNode): ModuleNode {
  return {
    ...node,
    parameters: node.parameters.map((parameter) => ({ ...parameter, tiedTo: parameter.name })),
    children: node.children.map((child): Child =>
      isRepeat(child)
        ? { indices: child.indices, element: sharing(child.element) }
        : sharing(child),
    ),
  };
}
