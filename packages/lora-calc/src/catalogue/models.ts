/** Finds published checkpoints by the names people type. */

import type { JsonObject } from "../problem/fields.js";
import { reject } from "../problem/problem.js";
import type { Problem } from "../problem/problem.js";
import { didYouMean, firstOf, nameKey, nearestModels } from "./nearest.js";
import type { ModelRow } from "./rows/row.js";
import { quantizedName, spellingsOf } from "./quantized-names.js";
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
  const packed = packedModel(name);
  if (packed !== undefined) return packed;
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

/**
 * What is said of a name of weights that are packed for inference: the model to train in their place. Undefined for others.
 *
 * Example: packedModel("Qwen/Qwen3-32B-AWQ").nearest // "Qwen/Qwen3-32B"
 */
export function packedModel(name: string): Problem | undefined {
  const stored = quantizedName(repositoryOfAddress(name));
  if (stored === undefined || stored.quantization !== undefined) return undefined;
  const { base, format } = stored;
  const bare = base.slice(base.indexOf("/") + 1);
  const row = [base, ...spellingsOf(bare)]
    .map((each) => MODELS_BY_KEY.get(nameKey(each)))
    .find((each) => each !== undefined);
  if (row === undefined) return undefined;
  const repository = repositoryNamed(row, bare);
  return {
    code: "unknown_model",
    path: "model",
    message: `${name} is packed for inference (${format}); what is trained is its base, ${repository}${format === "GPTQ" || format === "AWQ" ? ", with --qlora for 4 bits" : ""}`,
    received: name,
    expected: "a model that transformers trains",
    nearest: repository,
  };
}

/** The checkpoint with this name, or with this address on the Hub, if there is one. */
export function knownModel(name: string): ModelRow | undefined {
  const asked = repositoryOfAddress(name);
  const row = MODELS_BY_KEY.get(nameKey(asked)) ?? mirrored(asked);
  if (row !== undefined) return row;
  const stored = quantizedName(asked);
  if (stored?.quantization === undefined) return undefined;
  const base = MODELS_BY_KEY.get(nameKey(stored.base)) ?? mirrored(stored.base);
  if (base === undefined) return undefined;
  return { ...base, config: { ...base.config, quantization_config: stored.quantization } };
}

/** Owners that publish copies of others' models under their own names. */
const MIRRORS: ReadonlySet<string> = new Set([
  ...["unsloth", "nousresearch"],
  // Of ModelScope.
  ...["modelscope", "llm-research", "ai-modelscope"],
]);

/** The model of which an owner of copies publishes one: the name is that of its original. */
function mirrored(name: string): ModelRow | undefined {
  const [owner = "", bare, ...rest] = name.split("/");
  if (bare === undefined || rest.length > 0) return undefined;
  if (owner.toLowerCase() === "mlx-community") {
    // Not packed: the weights of the original in 16 bits.
    const plain = bare.replace(/-(?:bf16|fp16)$/i, "");
    return plain === bare ? undefined : MODELS_BY_KEY.get(nameKey(plain));
  }
  return MIRRORS.has(owner.toLowerCase()) ? MODELS_BY_KEY.get(nameKey(bare)) : undefined;
}

/** The repository that a name means, as the Hub spells it; a name that is not in the catalogue is its own. */
export function repositoryOf(name: string): string {
  const row = knownModel(name);
  const asked = repositoryOfAddress(name);
  if (row === undefined) return asked;
  // A quantized copy is a repository of its own.
  if (quantizedName(asked)?.quantization !== undefined) return asked;
  return repositoryNamed(row, asked);
}

/** Of the repositories of a row, the one with this name. */
function repositoryNamed(row: ModelRow, asked: string): string {
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
