/** Modules with their paths: the list that `named_modules()` walks, with equal layers kept as one site. */

import { elementCount } from "../../units/dtype.js";
import type { Child, ModuleGraph, ModuleNode, Parameter } from "./module-graph.js";
import { isRepeat } from "./module-graph.js";
import { missing } from "../../problem/missing.js";

/** One module, or the same module in every repeated layer. */
export interface Site {
  /** Path of the first occurrence, relative to the model: `model.layers.0.self_attn.q_proj`. */
  readonly path: string;
  /** Path with `*` for every repeated index: `model.layers.*.self_attn.q_proj`. */
  readonly pattern: string;
  /** Indices behind each `*` of the pattern, outermost first. */
  readonly indices: readonly (readonly number[])[];
  /** Number of occurrences: the product of the lengths of `indices`. */
  readonly count: number;
  readonly node: ModuleNode;
}

export interface SiteOptions {
  /** Give every occurrence a site of its own, in the order of `named_modules()`. */
  readonly perLayer?: boolean;
}

/** All modules below the root, parents before children. */
export function sitesOf(
  graph: ModuleGraph,
  { perLayer = false }: SiteOptions = {},
): readonly Site[] {
  const sites: Site[] = [];
  visitChildren(graph.root, rootSite(graph), perLayer, sites);
  return sites;
}

/** The root as a site, for parameters and children that are registered on the model itself. */
export function rootSite(graph: ModuleGraph): Site {
  return { path: "", pattern: "", indices: [], count: 1, node: graph.root };
}

function visitChildren(node: ModuleNode, parent: Site, perLayer: boolean, sites: Site[]): void {
  for (const child of inOrder(node.children, perLayer)) {
    const site = childSite(child, parent, perLayer);
    sites.push(site);
    visitChildren(site.node, site, perLayer, sites);
  }
}

function childSite(child: Child, parent: Site, perLayer: boolean): Site {
  if (!isRepeat(child)) {
    return {
      path: join(parent.path, child.name),
      pattern: join(parent.pattern, child.name),
      indices: parent.indices,
      count: parent.count,
      node: child,
    };
  }
  const name = String(child.indices[0]);
  return {
    path: join(parent.path, name),
    pattern: join(parent.pattern, perLayer ? name : "*"),
    indices: perLayer ? parent.indices : [...parent.indices, child.indices],
    count: parent.count * child.indices.length,
    node: child.element,
  };
}

/** Groups of equal elements as they are; or, per layer, single elements in the order of their index. */
function inOrder(children: readonly Child[], perLayer: boolean): readonly Child[] {
  if (!perLayer || !children.some(isRepeat)) return children;
  return children
    .flatMap((child): readonly Child[] =>
      isRepeat(child)
        ? child.indices.map((index) => ({ indices: [index], element: child.element }))
        : [child],
    )
    .sort((left, right) => firstIndex(left) - firstIndex(right));
}

function firstIndex(child: Child): number {
  return isRepeat(child) ? (child.indices[0] ?? missing()) : 0;
}

function join(parent: string, name: string): string {
  return parent === "" ? name : `${parent}.${name}`;
}

/** Every path behind a site, in order of the indices. */
export function pathsOf(site: Pick<Site, "pattern" | "indices">): readonly string[] {
  let paths = [""];
  let depth = 0;
  for (const part of site.pattern.split("*")) {
    paths = paths.map((path) => path + part);
    const indices = site.indices[depth];
    depth += 1;
    if (indices !== undefined) {
      paths = paths.flatMap((path) => indices.map((index) => `${path}${index}`));
    }
  }
  return paths;
}

/** Elements of the parameters registered on one module that are asked for, tied ones left out. Unit: parameters. */
function ownParameterCount(node: ModuleNode, isAsked: (parameter: Parameter) => boolean): number {
  let count = 0;
  for (const parameter of node.parameters) {
    if (parameter.tiedTo === undefined && isAsked(parameter))
      count += elementCount(parameter.shape);
  }
  return count;
}

/**
 * Parameters of the whole model, tied weights once: `sum(p.numel() for p in model.parameters())`.
 *
 * Unit: parameters, exact. Source: torch.nn.Module.parameters (unique objects).
 */
export function parameterCount(graph: ModuleGraph): number {
  return countOf(graph, () => true);
}

/** Parameters that full fine-tuning trains: those that the class does not make without a gradient. Unit: parameters, exact. */
export function trainableCount(graph: ModuleGraph): number {
  return countOf(graph, ({ isFrozen = false }) => !isFrozen);
}

function countOf(graph: ModuleGraph, isAsked: (parameter: Parameter) => boolean): number {
  let count = ownParameterCount(graph.root, isAsked);
  for (const site of sitesOf(graph)) count += site.count * ownParameterCount(site.node, isAsked);
  return count;
}
