/** A model as the user gave it, checked for its form and not yet built. */

import { isObject, Fields } from "../problem/fields.js";
import type { JsonObject } from "../problem/fields.js";
import { MODEL_FIELDS } from "../fields/model.js";
import { readField } from "../fields/read.js";
import { reject } from "../problem/problem.js";

/** One entry of a safetensors header. */
export interface TensorHeader {
  readonly dtype: string;
  readonly shape: readonly number[];
}

export type Tensors = Readonly<Record<string, TensorHeader>>;

/** Whether weights that the configuration ties are one, or as a checkpoint with an own output embedding loads. */
export type Ties = "config" | "checkpoint";

interface Tying {
  /** As the user says it; undefined leaves it to the model_type or the header. */
  readonly ties?: Ties;
}

export type ModelDescription = (
  | {
      readonly kind: "config";
      /** Catalogue id, when it came from there. */
      readonly id?: string;
      readonly config: JsonObject;
      readonly modelType: string;
      /** Class to build: `model.architecture`, else `config.architectures[0]`. */
      readonly architecture?: string;
      /** Header of the weights, where it was given beside the configuration: what is stored wins over what is said. */
      readonly tensors?: Tensors;
    }
  | {
      /** A header alone: the tree is in its names. */
      readonly kind: "safetensors";
      readonly tensors: Tensors;
      /** One that names no model_type. */
      readonly config?: JsonObject;
    }
  | { readonly kind: "free_form"; readonly sizes: JsonObject }
) &
  Tying;

/** Finds the published config.json of a catalogue id. */
export type CatalogueLookup = (id: string) => JsonObject;

/** Reads `scenario.model`: an id, `{config}`, `{safetensors}`, or sizes typed by hand. */
export function describeModel(model: unknown, lookup: CatalogueLookup): ModelDescription {
  if (typeof model === "string") return fromConfig(lookup(model), { id: model });
  if (!isObject(model)) {
    reject({
      code: model === undefined ? "missing_field" : "invalid_type",
      path: "model",
      message:
        "model must be a catalogue id, an object with config or safetensors, or sizes (hidden_size, num_hidden_layers, total_params)",
      received: model,
    });
  }
  const fields = new Fields(model, "model");
  const ties = readField(fields, "ties", MODEL_FIELDS.ties);
  return { ...describeObject(fields, lookup), ...(ties === undefined ? {} : { ties }) };
}

function describeObject(fields: Fields, lookup: CatalogueLookup): ModelDescription {
  const isNamed = ["safetensors", "config", "id"].some((name) => fields.has(name));
  if (isNamed) fields.rejectUnknown(Object.keys(MODEL_FIELDS));
  const architecture = fields.string("architecture");
  const given = architecture === undefined ? {} : { architecture };
  const config = fields.object("config")?.values;
  if (fields.has("safetensors")) {
    const tensors = headerTensors(fields);
    // Of a repository that lacks model_type the names of its tensors are all there is.
    if (config === undefined) return { kind: "safetensors", tensors };
    if (config["model_type"] === undefined) return { kind: "safetensors", tensors, config };
    return fromConfig(config, { ...given, tensors });
  }
  if (fields.has("config")) return fromConfig(config ?? {}, given);
  if (fields.has("id")) {
    const id = fields.string("id") ?? "";
    return fromConfig(lookup(id), { id, ...given });
  }
  const sizes = Object.entries(fields.values).filter(([name]) => name !== "ties");
  return { kind: "free_form", sizes: Object.fromEntries(sizes) };
}

function fromConfig(
  config: JsonObject,
  given: { readonly id?: string; readonly architecture?: string; readonly tensors?: Tensors },
): ModelDescription {
  const fields = new Fields(config, "model.config");
  const modelType = fields.string("model_type");
  if (modelType === undefined) {
    reject({
      code: "missing_field",
      path: "model.config.model_type",
      message: "config.json needs model_type; is this the config.json of a transformers model?",
      expected: "text",
    });
  }
  const architecture = given.architecture ?? fields.stringList("architectures")?.[0];
  return {
    kind: "config",
    config,
    modelType,
    ...(given.id === undefined ? {} : { id: given.id }),
    ...(given.tensors === undefined ? {} : { tensors: given.tensors }),
    ...(architecture === undefined ? {} : { architecture }),
  };
}

/** DTYPE and shape of each tensor; anything else in a header is refused with its name. */
function headerTensors(fields: Fields): Tensors {
  const header = fields.object("safetensors");
  const tensors: Record<string, TensorHeader> = {};
  for (const name of Object.keys(header?.values ?? {})) {
    if (name === "__metadata__") continue;
    const entry = header?.object(name);
    const dtype = entry?.string("dtype");
    const shape = entry?.integerList("shape");
    if (dtype === undefined || shape === undefined || shape.some((size) => size < 0)) {
      reject({
        code: "invalid_value",
        path: `model.safetensors.${name}`,
        message: `tensor ${name} needs a dtype and a shape of whole numbers`,
        received: entry?.values,
      });
    }
    tensors[name] = { dtype, shape };
  }
  return tensors;
}

/** Header of the weights, where it was given. */
export function tensorsOf(model: ModelDescription): Tensors | undefined {
  return model.kind === "free_form" ? undefined : model.tensors;
}
