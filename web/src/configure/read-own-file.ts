/** A file that people have, as the run it says: a scenario, a model or an adapter in JSON; a trainer's file, a script or a notebook. */

import { applyDocument, isObject, parseJson } from "lora-calc";
import type { Scenario, TrainerFile } from "lora-calc";

export interface OwnRun {
  readonly scenario: Scenario;
  /** Of a trainer's file or a script: what was used, and what is to be known. */
  readonly file?: TrainerFile;
}

/**
 * The run of `text`, over the one that is shown: the card stays, and the model where the file says none that can be told. What
 * reads YAML and Python is loaded here, once somebody has such a file.
 *
 * Rejects with an InputError.
 */
export async function readOwnRun(text: string, name: string, shown: Scenario): Promise<OwnRun> {
  const isJson = /^\s*[[{]/.test(text) && !/\.ipynb$/i.test(name);
  const document = isJson ? parseJson(text, name) : undefined;
  if (isObject(document) && OWN_KINDS.some((key) => document[key] !== undefined))
    return { scenario: applyDocument(shown, document, name) };
  const { readTrainingText } = await import("lora-calc/text");
  const { file, value } = readTrainingText(text, name);
  if (file === undefined) return { scenario: applyDocument(shown, value, name) };
  const { model = shown.model, hardware, ...rest } = file.scenario;
  return { scenario: { ...rest, model, hardware: { ...shown.hardware, ...hardware } }, file };
}

/** Keys of a config.json, an adapter_config.json and a scenario that no trainer's file has. */
const OWN_KINDS = ["model_type", "peft_type", "adapter", "training", "stack"];
