/** Unsloth's get_peft_model: its own defaults, and what it makes of targets. */

import { isObject } from "../../problem/fields.js";
import type { JsonObject } from "../../problem/fields.js";
import { finding, knownConfig } from "../format.js";
import { placeFindings, readCall } from "./read-call.js";
import type { ScriptReading } from "./read-call.js";
import type { PythonCall } from "./script.js";
import { OWN_CLASSES, SPLIT_EXPERTS, USUAL_TARGETS } from "../../stacks/unsloth.js";
import { UNSLOTH_ADAPTER } from "./tables.js";

export function readUnslothAdapter(call: PythonCall, reading: ScriptReading): void {
  const { draft } = reading;
  // Source: unsloth 2026.8 models/vision.py: get_peft_model has no effect then.
  if (reading.isFull) return;
  draft.adapter = {};
  const before = draft.findings.length;
  const said = readCall(UNSLOTH_ADAPTER, call, { reading, own: ["model"] });
  const config = typeof draft.model === "string" ? knownConfig(draft.model) : undefined;
  const { target_modules: named, modules_to_save: saved, ...rest } = draft.adapter;
  const targets = targetsOf(named, said, { call, config });
  const listed: readonly unknown[] = Array.isArray(targets) ? targets : [];
  const whole = hasOwnForward(config) ? listed.filter((name) => WHOLE.includes(String(name))) : [];
  const copies = [
    ...new Set([...(Array.isArray(saved) ? (saved as readonly unknown[]) : []), ...whole]),
  ];
  draft.adapter = {
    ...{ r: 16, lora_alpha: 16, lora_dropout: 0 },
    ...rest,
    target_modules: whole.length === 0 ? targets : listed.filter((name) => !whole.includes(name)),
    ...(copies.length === 0 ? {} : { modules_to_save: copies }),
  };
  readExperts(listed, config, reading);
  tellShared(config, reading);
  readCheckpoints(said, reading);
  placeFindings(draft.findings, before, call.at);
}

function readCheckpoints(
  { use_gradient_checkpointing: given = "unsloth" }: JsonObject,
  { draft }: ScriptReading,
): void {
  draft.training["gradient_checkpointing"] = given !== false;
  if (given === true)
    finding(
      draft,
      "assumed",
      "get_peft_model.use_gradient_checkpointing",
      'use_gradient_checkpointing=True is computed as "unsloth", which its loader sets up',
    );
}

/** Trained whole, when they stand among the targets. */
const WHOLE = ["embed_tokens", "lm_head"];

function hasOwnForward(config: JsonObject | undefined): boolean {
  return config === undefined || OWN_CLASSES.includes(String(config["model_type"]));
}

/** Source: unsloth 2026.8 models/_utils.py `get_moe_target_parameters`: experts that are one parameter get adapters, too. */
function readExperts(
  listed: readonly unknown[],
  config: JsonObject | undefined,
  { draft }: ScriptReading,
): void {
  if (draft.adapter === null || draft.adapter["target_parameters"] !== undefined) return;
  if (!hasExperts(config)) return;
  const reaches = (...names: readonly string[]): boolean =>
    names.some((name) => listed.includes(name));
  const parameters = [
    ...(reaches("gate_proj", "up_proj", "gate_up_proj") ? ["mlp.experts.gate_up_proj"] : []),
    ...(reaches("down_proj") ? ["mlp.experts.down_proj"] : []),
  ];
  if (parameters.length === 0) return;
  const isSplit = SPLIT_EXPERTS.includes(String(config?.["model_type"]));
  if (!isSplit) draft.adapter["target_parameters"] = parameters;
  finding(
    draft,
    isSplit ? "not_computed" : "assumed",
    "get_peft_model.target_parameters",
    isSplit
      ? "Unsloth of 2026 may adapt experts that it keeps as layers of their own; they are not counted"
      : `Unsloth adapts the experts, too: target_parameters ${parameters.join(", ")}, as PEFT 0.21 counts them`,
  );
}

/** Layers that take keys and values from another; transformers up to 5.5 builds projections for them, which never run. */
function tellShared(config: JsonObject | undefined, { draft }: ScriptReading): void {
  const text = config?.["text_config"];
  const shared = (isObject(text) ? text : config)?.["num_kv_shared_layers"];
  if (typeof shared !== "number" || shared === 0) return;
  finding(
    draft,
    "not_computed",
    "get_peft_model.target_modules",
    `the ${shared} layers that share keys and values have projections of their own under transformers up to 5.5, which Unsloth runs; they are not counted`,
  );
}

const EXPERTS = ["num_experts", "n_routed_experts", "num_local_experts"];

function hasExperts(config: JsonObject | undefined): boolean {
  const text = config?.["text_config"];
  return [config, isObject(text) ? text : undefined].some((each) =>
    EXPERTS.some((name) => typeof each?.[name] === "number"),
  );
}

interface Asked {
  readonly call: PythonCall;
  readonly config: JsonObject | undefined;
}

/** FastModel and FastVisionModel choose by parts of the model; FastLanguageModel of a text model has the seven names. */
function targetsOf(named: unknown, said: JsonObject, { call, config }: Asked): unknown {
  if (call.callee.includes("FastSentenceTransformer")) return named ?? USUAL_TARGETS.sentence;
  const isByParts =
    !call.callee.includes("FastLanguageModel") || PARTS.some((part) => call.keywords.has(part));
  if (!isByParts) return named ?? USUAL_TARGETS.language;
  const isAll = named === undefined || named === null || named === "all-linear";
  const isScoped = PARTS.some((part) => said[part] === false);
  if (isAll) return patternOf(named === "all-linear" ? {} : said, LINEARS, config);
  return Array.isArray(named) && isScoped ? patternOf(said, named.map(String), config) : named;
}

const PARTS = [
  ...["finetune_vision_layers", "finetune_language_layers"],
  ...["finetune_attention_modules", "finetune_mlp_modules"],
];

/** Projections of attention and MLP as models name them; Unsloth takes every Linear whose name a model has more than once. */
const LINEARS = [
  ...USUAL_TARGETS.language,
  ...[
    "qkv_proj",
    "gate_up_proj",
    "qkv",
    "proj",
    "out_proj",
    "fc1",
    "fc2",
    "linear_fc1",
    "linear_fc2",
  ],
  ...["in_proj", "in_proj_qkv", "in_proj_z", "in_proj_a", "in_proj_b", "w1", "w2", "w3"],
];

/** Source: unsloth_zoo of 2026-08 peft_utils.py `get_peft_regex`. */
function patternOf(
  said: JsonObject,
  names: readonly string[],
  config: JsonObject | undefined,
): string {
  const isOn = (part: string): boolean => said[part] !== false;
  const [sees, reads] = [isOn("finetune_vision_layers"), isOn("finetune_language_layers")];
  const parts = [
    ...(isOn("finetune_attention_modules") ? ["self_attn", "attention", "attn", "mixer"] : []),
    ...(isOn("finetune_mlp_modules") ? ["mlp", "feed_forward", "ffn", "dense", "mixer"] : []),
  ].join("|");
  const name = `\\.(?:${names.join("|")})`;
  // Layers that clip keep their Linear inside. Source: unsloth_zoo, the same, "ClippableLinear".
  const inside = config?.["model_type"] === "gemma4" ? `${name}\\.linear` : name;
  const branches = [
    ...(sees ? [`.*?(?:vision|image|visual|patch).*?(?:${parts}).*?${inside}`] : []),
    ...(reads
      ? [
          `.*?(?:language|text).*?(?:${parts}).*?${name}`,
          `model\\.layers\\.[\\d]{1,}\\.(?:${parts})${name}`,
        ]
      : []),
  ];
  return branches.map((branch) => `(?:${branch})`).join("|");
}
