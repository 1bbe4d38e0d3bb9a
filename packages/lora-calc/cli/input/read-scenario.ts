/** Turns the first argument of a command into a scenario: a catalogue id, or a file of a kind that is known. */

import { existsSync } from "node:fs";
import { isObject, reject } from "lora-calc";
import type { Scenario } from "lora-calc";
import type { Output } from "../output.js";
import { readSafetensors, resolveModel } from "lora-calc/files";
import { readFoundFile } from "./read-trainer-file.js";
import { toldOfFile } from "./told-of-file.js";
import { USUAL } from "./usual.js";

const LOOKS_LIKE_PATH = /^(?:-$|\.{0,2}\/|~)|\\|\.(?:json|ya?ml|safetensors|py|ipynb)$/i;
const IS_SAFETENSORS = /\.safetensors(?:\.index\.json)?$/i;

const USUAL_TEXT = `LoRA r=${USUAL.adapter.r}, alpha=${USUAL.adapter.lora_alpha}, ${USUAL.adapter.target_modules}; stack ${USUAL.stack}`;

/**
 * Reads `source`: "-", a path, or the name of a model. A name that is also a file is the file; one that the catalogue lacks
 * is looked for in the cache of huggingface_hub and on the Hub. What is taken for a model alone is said on stderr.
 */
export async function readScenario(source: string, output: Output): Promise<Scenario> {
  const scenario = await withModelFound(await scenarioFrom(source, output), output);
  if (scenario.stack === USUAL.stack && scenario.adapter === USUAL.adapter) {
    output.talk(`A model alone means ${USUAL_TEXT}. Flags win.`);
  }
  return scenario;
}

/** What is typed as a path is never looked for as a name. */
export function looksLikePath(source: string): boolean {
  return LOOKS_LIKE_PATH.test(source);
}

async function scenarioFrom(source: string, { talk }: Output): Promise<Scenario> {
  if (!looksLikePath(source) && !existsSync(source)) return withLora(source);
  if (IS_SAFETENSORS.test(source)) return withLora(await readSafetensors(source));
  const { name, value, file } = await readFoundFile(source);
  if (file === undefined) return scenarioOf(value, name);
  for (const line of toldOfFile(file, name)) talk(line);
  return file.scenario;
}

/** With the model of a name that the catalogue lacks; of an adapter's name its base, and the adapter unless one is given. */
export async function withModelFound(
  scenario: Scenario,
  { offline, talk }: Output,
  resolve: typeof resolveModel = resolveModel,
): Promise<Scenario> {
  const name = nameOf(scenario.model);
  if (name === undefined) return scenario;
  const { model, adapter, talk: found } = await resolve(name, { offline, onProgress: talk });
  for (const line of found) talk(line);
  if (model === name) return scenario;
  const isUsual = scenario.adapter === USUAL.adapter;
  return { ...scenario, model, ...(adapter !== undefined && isUsual ? { adapter } : {}) };
}

/** Of a model that is nothing but a name. */
function nameOf(model: unknown): string | undefined {
  if (typeof model === "string") return model;
  if (!isObject(model) || Object.keys(model).join() !== "id") return undefined;
  return typeof model["id"] === "string" ? model["id"] : undefined;
}

/** A whole scenario says itself what it trains; a model alone does not. */
function withLora(model: Scenario["model"]): Scenario {
  return { model, ...USUAL };
}

/** A scenario as it is; a config.json as a model; an adapter_config.json as the adapter of its base. */
export function scenarioOf(document: unknown, name: string): Scenario {
  if (document === undefined) rejectPython(name);
  if (isObject(document)) {
    const {
      model,
      model_type: modelType,
      peft_type: peftType,
      base_model_name_or_path: base,
    } = document;
    if (typeof model === "string" || isObject(model)) return { ...document, model };
    rejectTrainerFile(document, name);
    if (modelType !== undefined) return withLora({ config: document });
    if (document["hidden_size"] !== undefined) return withLora(document);
    if (peftType !== undefined && typeof base === "string")
      return { model: base, adapter: document };
  }
  reject({
    code: "missing_field",
    path: "model",
    message: `${name} is neither a scenario (model), a config.json (model_type), nor an adapter_config.json with its base (peft_type, base_model_name_or_path)`,
    received: isObject(document) ? Object.keys(document) : document,
    expected: "an object with model, model_type or peft_type",
  });
}

function rejectPython(name: string): never {
  reject({
    code: "missing_field",
    path: "model",
    message: `${name} calls no trainer and adds no adapter: SFTTrainer, DPOTrainer, Trainer, get_peft_model, LoraConfig or FastLanguageModel.from_pretrained`,
    expected: "a Python text that trains with transformers, PEFT, TRL or Unsloth",
  });
}

/** Keys by which the files of trainers name their model; of a file that is not recognized it names nothing else. */
const MODEL_OF_TRAINERS = ["base_model", "model_name_or_path", "checkpoint_dir"] as const;

function rejectTrainerFile(document: Readonly<Record<string, unknown>>, name: string): void {
  const key = MODEL_OF_TRAINERS.find((candidate) => typeof document[candidate] === "string");
  if (key === undefined) return;
  const model = String(document[key]);
  reject({
    code: "unsupported",
    path: key,
    message: `${name} is the file of a trainer (${key}: ${model}) that is not read here, or says nothing but its model; those of Axolotl, LLaMA-Factory, TRL, ms-swift, LitGPT, MLX-LM, Unsloth, torchtune and NeMo AutoModel are read. Say its fields as flags: lora-calc estimate ${model} --rank … --max-length …`,
    received: key,
    expected: "a scenario, a config.json or an adapter_config.json",
  });
}
