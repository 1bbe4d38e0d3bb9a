/** Finds published checkpoints by the names people type. */

import type { JsonObject } from "../problem/fields.js";
import { reject } from "../problem/problem.js";
import type { Problem } from "../problem/problem.js";
import { didYouMean, firstOf, nameKey, nearestModels } from "./nearest.js";
import type { ModelRow } from "./rows/row.js";
import { repositoryOfAddress } from "./search.js";
import { MODEL_ROWS } from "./rows/models.js";

/** Every checkpoint of the catalogue, by owner and size. */
export function listModels(): readonly ModelRow[] {
  return MODEL_ROWS;
}

/**
 * The checkpoint with this repository, alias or short name; case and separators do not matter, and the owner may be left
 * out. Stops with `unknown_model` and the nearest names.
 *
 * Example: findModel("Llama-3.1-8B-Instruct").repo // "meta-llama/Llama-3.1-8B"
 */
export function findModel(name: string): ModelRow {
  const row = knownModel(name);
  if (row !== undefined) return row;
  reject(unknownModel(name));
}

/**
 * What is said where no place that was looked in has a model of this name. `where` tells of the places beside the catalogue.
 *
 * Example: unknownModel("Qwen/Qwen3-4C").nearest // "Qwen/Qwen3-4B"
 */
export function unknownModel(name: string, where = ""): Problem {
  const nearest = nearestModels(
    name,
    name.includes("/") ? REPOSITORIES : [...MODELS_BY_KEY.keys()],
  );
  return {
    code: "unknown_model",
    path: "model",
    message: `model is not in the catalogue${where === "" ? "" : `, ${where}`}: ${name}${didYouMean(nearest)}; any other model works through its config.json`,
    received: name,
    expected: "an id from the catalogue, or an object with config",
    ...firstOf(nearest),
  };
}

/** The checkpoint with this name, or with this address on the Hub, if there is one. */
export function knownModel(name: string): ModelRow | undefined {
  return MODELS_BY_KEY.get(nameKey(repositoryOfAddress(name)));
}

/** The repository that a name means, as the Hub spells it; a name that is not in the catalogue is its own. */
export function repositoryOf(name: string): string {
  const row = knownModel(name);
  const asked = repositoryOfAddress(name);
  if (row === undefined) return asked;
  const key = nameKey(asked);
  const named = repositoriesOf(row).find((repository) => {
    const bare = repository.slice(repository.indexOf("/") + 1);
    return nameKey(repository) === key || nameKey(bare) === key;
  });
  return named ?? row.repo;
}

/** The config.json facts of a checkpoint, for `describeModel`. */
export function catalogueConfig(name: string): JsonObject {
  return findModel(name).config;
}

function repositoriesOf(row: ModelRow): readonly string[] {
  return [row.repo, ...(row.aliases ?? [])];
}

const REPOSITORIES: readonly string[] = MODEL_ROWS.flatMap(repositoriesOf);

/** Rows by every accepted key. A repository's bare name yields to a short name and to an earlier row. */
function byKey(rows: readonly ModelRow[]): ReadonlyMap<string, ModelRow> {
  const index = new Map<string, ModelRow>(rows.map((row) => [nameKey(row.id), row]));
  for (const row of rows) {
    for (const repository of repositoriesOf(row)) {
      index.set(nameKey(repository), row);
      const bareName = nameKey(repository.slice(repository.indexOf("/") + 1));
      if (!index.has(bareName)) index.set(bareName, row);
    }
  }
  return index;
}

const MODELS_BY_KEY = byKey(MODEL_ROWS);
