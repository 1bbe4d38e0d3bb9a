/** What loads the model: its name, its dtype, how it is packed. */

import type { JsonObject } from "../../problem/fields.js";
import { finding } from "../format.js";
import { placeFindings, readCall, unknownAdapter, unresolved } from "./read-call.js";
import type { ScriptReading } from "./read-call.js";
import { plainData } from "./script.js";
import type { PythonCall, PythonValue } from "./script.js";
import { BITS_AND_BYTES, FROM_PRETRAINED, UNSLOTH_LOAD } from "./tables.js";
import { isOfUnsloth, nameOfLoad } from "./trace-model.js";

export function readLoad(load: PythonCall | PythonValue | undefined, reading: ScriptReading): void {
  const { draft } = reading;
  if (load === undefined) return;
  if ("callee" in load) {
    readLoader(load, reading);
    return;
  }
  const name = plainData(load)?.value;
  if (typeof name === "string") {
    draft.model = name;
    return;
  }
  unresolved(draft, "model", load);
  // Whoever makes it may have added an adapter.
  draft.adapter = unknownAdapter("model");
}

function readLoader(call: PythonCall, reading: ScriptReading): void {
  const { draft, used } = reading;
  const name = nameOfLoad(call);
  if (name === undefined)
    unresolved(
      draft,
      "model",
      call.keywords.get("model_name") ??
        call.positional[0] ?? { kind: "unknown", text: call.callee, why: "says no name" },
    );
  else {
    draft.model = name;
    used.push("from_pretrained.model");
  }
  if (isOfUnsloth(call)) readUnsloth(call, reading);
  else readTransformers(call, reading);
}

/** What names the model. */
const NAMES = ["model_name", "pretrained_model_name_or_path"];

function readTransformers(call: PythonCall, reading: ScriptReading): void {
  const { draft } = reading;
  const said = readCall(FROM_PRETRAINED, call, { reading, own: ["quantization_config", ...NAMES] });
  // Source: transformers 5 modeling_utils.py: the dtype of the checkpoint, unless it is said.
  draft.training["dtype"] ??= "auto";
  const before = draft.findings.length;
  for (const key of ["load_in_4bit", "load_in_8bit"]) {
    if (said[key] !== true) continue;
    draft.quantization = { [key]: true };
    finding(
      draft,
      "trap",
      `from_pretrained.${key}`,
      `from_pretrained(${key}=True) is a TypeError in transformers 5; it is quantization_config=BitsAndBytesConfig(${key}=True) now, and read so`,
    );
  }
  placeFindings(draft.findings, before, call.at);
  readPackingOf(call.keywords.get("quantization_config"), reading);
}

/** A `quantization_config`, of a loader or a trainer. */
export function readPackingOf(value: PythonValue | undefined, reading: ScriptReading): void {
  if (value === undefined || plainData(value)?.value === null) return;
  if (value.kind === "call" && /(?:^|\.)BitsAndBytesConfig$/.test(value.call.callee))
    readPacking(value.call, reading);
  else {
    // Nothing is computed on a guess whether the weights are packed.
    reading.draft.quantization = { load_in_4bit: { unresolved: "quantization_config" } };
    unresolved(reading.draft, "quantization_config", value);
  }
}

/** Source: transformers utils/quantization_config.py: 4 bits alone are fp4, once quantized, computed in float32. */
function readPacking(call: PythonCall, reading: ScriptReading): void {
  const { draft } = reading;
  const said = readCall(BITS_AND_BYTES, call, { reading });
  const isFour = said["load_in_4bit"] === true;
  if (!isFour && said["load_in_8bit"] !== true) {
    draft.quantization = null;
    return;
  }
  if (isFour && said["bnb_4bit_quant_type"] === undefined)
    draft.findings.push({
      ...{ level: "warning", code: "trap", key: "BitsAndBytesConfig.load_in_4bit", at: call.at },
      message:
        'BitsAndBytesConfig(load_in_4bit=True) alone is fp4 without double quantization, not QLoRA\'s nf4: say bnb_4bit_quant_type="nf4" and bnb_4bit_use_double_quant=True',
    });
  if (isFour) draft.quantization = withDtype(draft.quantization ?? {});
}

/** Without one the product is in float32. */
function withDtype(quantization: JsonObject): Record<string, unknown> {
  return { bnb_4bit_compute_dtype: "float32", ...quantization };
}

/** Source: unsloth 2026.8 models/loader.py: 4 bits unless something else is said. */
function readUnsloth(call: PythonCall, reading: ScriptReading): void {
  const { draft } = reading;
  const said = readCall(UNSLOTH_LOAD, call, {
    reading,
    own: ["model_name", "quantization_config"],
  });
  const { load_in_4bit: four = true, load_in_8bit: eight, full_finetuning: full } = said;
  reading.isFull = full === true;
  if (full === true) return;
  if (eight === true) draft.quantization = { load_in_8bit: true };
  else if (four === true) draft.quantization = { load_in_4bit: true };
  else if (four !== false) draft.quantization = { load_in_4bit: four };
}
