/** Reads the file of a trainer into a scenario: every key is used, known to change nothing, or named. */

import { isObject } from "../problem/fields.js";
import type { JsonObject } from "../problem/fields.js";
import type { Scenario } from "../scenario.js";
import { AUTOMODEL_FILE } from "./automodel.js";
import { AXOLOTL_FILE } from "./axolotl.js";
import { newDraft, scenarioOf } from "./draft.js";
import type { Finding, Format } from "./format.js";
import { flattened } from "./flatten.js";
import { LITGPT_FILE } from "./litgpt.js";
import { LLAMA_FACTORY_FILE } from "./llama-factory.js";
import { LLAMA_FACTORY_V1_FILE } from "./llama-factory-v1.js";
import { MLX_LM_FILE } from "./mlx-lm.js";
import { MS_SWIFT_FILE } from "./ms-swift.js";
import { tellBroken } from "./rules.js";
import { readKeys } from "./read-keys.js";
import { TORCHTUNE_FILE } from "./torchtune.js";
import { TRL_FILE } from "./trl.js";
import { UNSLOTH_FILE } from "./unsloth-cli.js";

const FORMATS: readonly Format[] = [
  ...[TORCHTUNE_FILE, AUTOMODEL_FILE, UNSLOTH_FILE, LLAMA_FACTORY_V1_FILE, AXOLOTL_FILE],
  ...[LLAMA_FACTORY_FILE, TRL_FILE, LITGPT_FILE, MLX_LM_FILE, MS_SWIFT_FILE],
];

/** A trainer's file as a scenario, and what is to be known about it. */
export interface TrainerFile {
  /** The trainer, as its users call it. */
  readonly trainer: string;
  readonly scenario: Scenario;
  /** Keys that say something of the scenario. */
  readonly used: readonly string[];
  /** Keys that change neither counts nor memory. */
  readonly ignored: readonly string[];
  /** Of keys by themselves first, in the order of the file, then of those that say something together. */
  readonly findings: readonly Finding[];
}

/**
 * The scenario that a trainer's file describes, under the release of the trainer that is computed; undefined for a file of no
 * trainer that is read here (Axolotl, LLaMA-Factory, TRL, ms-swift, LitGPT, MLX-LM, Unsloth, torchtune, NeMo AutoModel). What the file leaves open is left to the stack, which says its defaults in
 * `assumed`. Nothing is dropped: a key is in `used`, in `ignored` or in `findings`.
 *
 * Example: readTrainerFile({ base_model: "gpt2", adapter: "lora", lora_r: 8, sequence_len: 512 })?.scenario.training // { max_length: 512 }
 */
export function readTrainerFile(file: unknown): TrainerFile | undefined {
  if (!isObject(file)) return undefined;
  const flat = flattened(file);
  const ofFile = (format: Format): JsonObject => (format.isNested === true ? flat : file);
  const format = FORMATS.find((each) => each.recognizes(ofFile(each)));
  return format === undefined ? undefined : readAs(format, ofFile(format));
}

function readAs(format: Format, given: JsonObject): TrainerFile {
  const draft = newDraft(format.stack);
  const used: string[] = [];
  const ignored: string[] = [];
  const file = readKeys(format, given, { draft, used, ignored, nameOf: (key) => key });
  const said = Object.entries(file).filter(([, value]) => value !== null && value !== undefined);
  format.together(Object.fromEntries(said), draft);
  tellBroken(format.rules ?? [], given, draft);
  return {
    trainer: format.trainer,
    scenario: scenarioOf(draft),
    used,
    ignored,
    findings: draft.findings,
  };
}
