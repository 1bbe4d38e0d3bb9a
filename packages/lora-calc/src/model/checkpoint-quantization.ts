/** Whether a checkpoint is stored packed: the `quantization_config` that its config.json carries. */

import { isObject } from "../problem/fields.js";
import type { JsonObject } from "../problem/fields.js";
import type { ModelDescription } from "./description.js";

export type CheckpointQuantization =
  /** BitsAndBytesConfig: its fields, loaded as they are. */
  | { readonly method: "bitsandbytes"; readonly fields: JsonObject }
  /** GPTQ, AWQ, FP8, MXFP4, compressed-tensors, …: layouts of their own. */
  | { readonly method: string; readonly fields?: undefined };

export const CHECKPOINT_QUANTIZATION_PATH = "model.config.quantization_config";

/**
 * Example: checkpointQuantization({ kind: "config", modelType: "llama",
 *   config: { model_type: "llama", quantization_config: { quant_method: "gptq", bits: 4 } } })?.method // "gptq"
 */
export function checkpointQuantization(
  model: ModelDescription,
): CheckpointQuantization | undefined {
  const config = model.kind === "free_form" ? undefined : model.config;
  const given = config?.["quantization_config"] ?? config?.["compression_config"];
  if (!isObject(given)) return undefined;
  const { quant_method: method } = given;
  const isBitsAndBytes = given["load_in_4bit"] === true || given["load_in_8bit"] === true;
  if (method === "bitsandbytes" || (method === undefined && isBitsAndBytes)) {
    return { method: "bitsandbytes", fields: given };
  }
  return { method: typeof method === "string" ? method : "an unnamed method" };
}
