/** Single rows of an embedding that are trained beside the adapter: `trainable_token_indices`. */

import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import type { Site } from "../../graph/tree/sites.js";
import { isObject } from "../../problem/fields.js";
import type { Fields } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import { embeddingPath } from "../plan/embedding-path.js";
import type { AdaptedModule, TrainedTokens } from "../plan/plan.js";
import { rejectOption } from "../plan/reject-option.js";

const FIELD = "trainable_token_indices";

/** Indices by the name of the layer, as PEFT looks it up: the end of its path. */
export type TokenIndices = ReadonlyMap<string, readonly number[]>;

/**
 * Reads the field: a list belongs to the input embedding, an object names its layers.
 *
 * Source: peft utils/other.py `set_additional_trainable_modules`.
 */
export function readTokenIndices(graph: ModuleGraph, adapter: Fields): TokenIndices {
  const given = adapter.get(FIELD);
  if (given === undefined || given === null) return new Map();
  if (isObject(given)) {
    const layers = adapter.object(FIELD);
    return new Map(Object.keys(given).map((name) => [name, layers?.integerList(name) ?? []]));
  }
  const indices = adapter.integerList(FIELD) ?? [];
  return new Map([[embeddingPath(graph), indices]]);
}

/** What an adapter trains besides single tokens. */
interface TrainedElsewhere {
  readonly modulesToSave: readonly string[];
  readonly adapted: readonly AdaptedModule[];
}

/**
 * A row of trained values per index, duplicates included; the tied head follows the embedding and adds none.
 * Stops where PEFT does: a layer that does not exist, is trained in full or is adapted, or tied layers that disagree.
 */
export function trainedTokens(
  graph: ModuleGraph,
  adapter: Fields,
  indices: TokenIndices,
  { modulesToSave, adapted }: TrainedElsewhere,
): readonly TrainedTokens[] {
  if (indices.size === 0) return [];
  for (const name of indices.keys()) {
    if (modulesToSave.includes(name)) {
      rejectOption(adapter, FIELD, `names ${name}, which modules_to_save trains in full`);
    }
  }
  const tied = tiedHead(graph);
  const agrees = agree(graph, adapter, indices, tied);
  const follower = agrees ? tied : undefined;
  return [...indices].flatMap(([name, rows]) => {
    const isAdapted = adapted.some(({ site }) => site.path === tied);
    if (name === tied && agrees && indices.size > 1 && !isAdapted) return [];
    return layersNamed(graph, adapter, name).map((site) => {
      rejectAdapted(site.path, adapted);
      const isFollowed = follower !== undefined && site.path === graph.inputEmbedding;
      return { ...tokensOf(site, rows.length), ...(isFollowed ? { followedBy: follower } : {}) };
    });
  });
}

/** The head that PEFT knows to share the embedding's weight. */
function tiedHead(graph: ModuleGraph): string | undefined {
  const { tied, inputEmbedding, outputEmbedding, hidesTies } = graph;
  if (hidesTies === true) return undefined;
  const isTied = tied.some((names) => names.includes(`${inputEmbedding}.weight`));
  return isTied ? outputEmbedding : undefined;
}

/** Whether the layers that share their weight name the same tokens; false only where PEFT then trains both. */
function agree(
  graph: ModuleGraph,
  adapter: Fields,
  indices: TokenIndices,
  tied: string | undefined,
): boolean {
  if (tied === undefined) return true;
  const sharing = [...indices].filter(
    ([name]) => graph.inputEmbedding?.endsWith(name) === true || tied.endsWith(name),
  );
  const [first, ...others] = sharing.map(([, rows]) => JSON.stringify(rows));
  const isEqual = others.every((rows) => rows === first);
  if (!isEqual && adapter.boolean("ensure_weight_tying") === true) {
    rejectOption(adapter, FIELD, "gives tied layers different tokens beside ensure_weight_tying");
  }
  return isEqual;
}

function layersNamed(graph: ModuleGraph, adapter: Fields, name: string): readonly Site[] {
  const found = sitesOf(graph).filter(({ path }) => path.endsWith(name));
  if (found.length === 0) rejectOption(adapter, FIELD, `names ${name}, which is no module`);
  return found;
}

function tokensOf(site: Site, tokens: number): TrainedTokens {
  const { layer } = site.node;
  if (layer?.kind === "embedding") return { site, tokens, dim: layer.dim };
  if (layer?.kind === "linear") return { site, tokens, dim: layer.inFeatures };
  const hasWeight = site.node.parameters.some(({ name }) => name === "weight");
  reject({
    code: hasWeight ? "invalid_adapter_type" : "missing_attribute",
    path: `adapter.${FIELD}`,
    message: `${FIELD} names ${site.pattern}, a ${site.node.type}; only embeddings and heads have tokens`,
    received: site.pattern,
  });
}

function rejectAdapted(path: string, adapted: readonly AdaptedModule[]): void {
  if (!adapted.some(({ site }) => site.path === path)) return;
  reject({
    code: "invalid_adapter_type",
    path: `adapter.${FIELD}`,
    message: `${path} is adapted and in ${FIELD}; leave one of them out`,
    received: path,
  });
}
