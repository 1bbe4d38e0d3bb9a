/** Where a script's model comes from: what loads it, what prepares it, and what adds an adapter, step by step backwards. */

import { plainData, wordOf } from "./script.js";
import type { PythonCall, PythonValue } from "./script.js";

/** Steps from a loader to a trainer. */
export interface ModelTrace {
  /** Loader; or what the model is, where that is a name or only a run can tell. */
  readonly load: PythonCall | PythonValue | undefined;
  /** `get_peft_model`, `prepare_model_for_kbit_training` and the like, the first one first. */
  readonly steps: readonly PythonCall[];
}

/** Calls that give back the model that they are given. */
const STEPS =
  /^(?:get_peft_model|prepare_model_for_(?:kbit|int8|training)\w*|prepare|compile|PeftModel|patch_model)$/;
const LOADERS = /^(?:from_pretrained|from_config)$/;
/** Longer than any script's. */
const MAX_STEPS = 64;

export function traceModel(model: PythonValue | undefined): ModelTrace {
  const steps: PythonCall[] = [];
  let value = model;
  while (value?.kind === "call" && steps.length < MAX_STEPS) {
    const { call }: { readonly call: PythonCall } = value;
    const word = wordOf(call.callee);
    if (LOADERS.test(word) && isOfPeft(call)) steps.unshift(call);
    else if (LOADERS.test(word)) return { load: call, steps };
    else if (STEPS.test(word)) steps.unshift(call);
    else return { load: value, steps };
    value = call.keywords.get("model") ?? call.positional[0] ?? call.receiver;
  }
  return { load: value, steps };
}

/** `PeftModel.from_pretrained(model, adapter)`. */
export function isOfPeft({ callee }: PythonCall): boolean {
  return /(?:^|\.)PeftModel\w*\.from_pretrained$/.test(callee);
}

/** Whether Unsloth's loader, or its adapters: `FastLanguageModel`, `FastModel`, `FastVisionModel`, `FastSentenceTransformer`. */
export function isOfUnsloth({ callee }: PythonCall): boolean {
  return /(?:^|\.)Fast(?:\w*Model|SentenceTransformer)\.\w+$/.test(callee);
}

/** Repository or folder that a loader is given; undefined where only a run can tell. */
export function nameOfLoad(call: PythonCall): string | undefined {
  const given =
    call.keywords.get("model_name") ??
    call.keywords.get("pretrained_model_name_or_path") ??
    call.positional[0];
  const value = given === undefined ? undefined : plainData(given)?.value;
  return typeof value === "string" && value !== "" ? value : undefined;
}
