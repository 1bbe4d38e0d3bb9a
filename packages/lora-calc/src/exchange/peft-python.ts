/** Writes the Python that sets up a scenario with PEFT, ending in the line it will print. */

import type { ParameterCounts } from "../result.js";
import type { Scenario } from "../scenario.js";
import { Fields, isObject } from "../problem/fields.js";
import type { JsonObject } from "../problem/fields.js";
import { isDtype } from "../units/dtype.js";
import { formatCount, formatTrainableLine } from "../units/format.js";
import { methodFacts } from "../adapter/plan-adapter.js";
import { checkLoraFields } from "./adapter-config.js";
import { knownModel } from "../catalogue/models.js";
import { modelName } from "./model-name.js";
import { pythonLiteral } from "./python-literal.js";

/** Order in which people write LoraConfig; other fields follow, the task type ends the list. */
const FIELD_ORDER: readonly string[] = [
  "r",
  "lora_alpha",
  "target_modules",
  "lora_dropout",
  "bias",
];

/**
 * Python for the PEFT and transformers of the usual world: loads the base, adds the adapter, and ends in the line that
 * `print_trainable_parameters` prints, as a comment.
 */
export function writePeftPython(scenario: Scenario, parameters: ParameterCounts): string {
  const adapter = scenario.adapter === undefined ? {} : scenario.adapter;
  if (adapter !== null && configClassOf(adapter) === LORA_CLASS) checkLoraFields(adapter);
  const blocks = [
    importBlock(scenario, adapter),
    ...quantizationBlock(scenario),
    baseBlock(scenario),
    ...(adapter === null ? [] : [configBlock(adapter)]),
    modelBlock(scenario, adapter, parameters),
  ];
  return `${blocks.join("\n\n")}\n`;
}

function importBlock(scenario: Scenario, adapter: JsonObject | null): string {
  const peft = [
    ...(adapter === null ? [] : [configClassOf(adapter)]),
    "get_peft_model",
    ...(preparesKbit(scenario) ? ["prepare_model_for_kbit_training"] : []),
  ];
  const transformers = [
    modelClass(scenario),
    ...(isQuantized(scenario) ? ["BitsAndBytesConfig"] : []),
  ];
  return [
    "import torch",
    ...(adapter === null ? [] : [`from peft import ${peft.join(", ")}`]),
    `from transformers import ${transformers.join(", ")}`,
  ].join("\n");
}

function quantizationBlock(scenario: Scenario): readonly string[] {
  if (!isQuantized(scenario)) return [];
  const given: JsonObject = scenario.quantization ?? {};
  const isFourBit = given["load_in_4bit"] === true;
  const fields = isFourBit
    ? { ...given, bnb_4bit_compute_dtype: given["bnb_4bit_compute_dtype"] ?? baseDtype(scenario) }
    : given;
  return [
    call(
      "quantization_config",
      "BitsAndBytesConfig",
      Object.entries(fields).map(([name, value]) => keyword(name, value)),
    ),
  ];
}

function baseBlock(scenario: Scenario): string {
  const attention = scenario.training?.["attn_implementation"];
  const labels = configOf(scenario.model)["num_labels"];
  return call("base_model", `${modelClass(scenario)}.from_pretrained`, [
    pythonLiteral(modelName(scenario.model) ?? "path/to/the/folder/of/config.json"),
    keyword("dtype", baseDtype(scenario)),
    ...(attention === undefined ? [] : [keyword("attn_implementation", attention)]),
    ...(labels === undefined ? [] : [keyword("num_labels", labels)]),
    ...(isQuantized(scenario) ? ["quantization_config=quantization_config"] : []),
  ]);
}

const LORA_CLASS = "LoraConfig";

/** The scenario was counted, so its method is known. */
function configClassOf(adapter: JsonObject): string {
  const peftType = new Fields(adapter, "adapter").string("peft_type") ?? "LORA";
  return methodFacts(peftType)?.configClass ?? LORA_CLASS;
}

function configVariable(adapter: JsonObject): string {
  return configClassOf(adapter) === LORA_CLASS ? "lora_config" : "peft_config";
}

function configBlock(adapter: JsonObject): string {
  const names = Object.keys(adapter).filter((name) => name !== "peft_type" && name !== "task_type");
  const ordered = [
    ...FIELD_ORDER.filter((name) => names.includes(name)),
    ...names.filter((name) => !FIELD_ORDER.includes(name)),
    ...(adapter["task_type"] === undefined ? [] : ["task_type"]),
  ];
  return call(
    configVariable(adapter),
    configClassOf(adapter),
    ordered.map((name) => keyword(name, adapter[name])),
  );
}

function modelBlock(
  scenario: Scenario,
  adapter: JsonObject | null,
  parameters: ParameterCounts,
): string {
  const checkpointing = checkpointingLines(scenario);
  if (adapter === null) {
    return [
      ...checkpointing,
      `# full fine-tuning: ${formatCount(parameters.trainable)} parameters train`,
    ].join("\n");
  }
  return [
    ...checkpointing,
    `model = get_peft_model(base_model, ${configVariable(adapter)})`,
    ...adapterDtypeLines(scenario),
    "model.print_trainable_parameters()",
    `# ${formatTrainableLine(parameters.trainable, parameters.all)}`,
  ].join("\n");
}

/** Before the adapter is added, so that PEFT sees it and makes the inputs require gradients. */
function checkpointingLines(scenario: Scenario): readonly string[] {
  const checkpointing = scenario.training?.["gradient_checkpointing"] === true;
  const reentrant = scenario.training?.["use_reentrant"] === true;
  const kwargs = `gradient_checkpointing_kwargs=${pythonLiteral({ use_reentrant: reentrant })}`;
  if (!preparesKbit(scenario)) {
    return checkpointing ? [`base_model.gradient_checkpointing_enable(${kwargs})`] : [];
  }
  return [
    "# casts norms, embeddings and the head to float32",
    call("base_model", "prepare_model_for_kbit_training", [
      "base_model",
      keyword("use_gradient_checkpointing", checkpointing),
      ...(checkpointing ? [kwargs] : []),
    ]),
  ];
}

/** PEFT makes adapters float32 beside a 16-bit base; some trainers cast them back. */
function adapterDtypeLines(scenario: Scenario): readonly string[] {
  const dtype = scenario.training?.["adapter_dtype"];
  if (dtype === undefined || dtype === "auto") return [];
  return [
    "for parameter in model.parameters():",
    "    if parameter.requires_grad:",
    `        parameter.data = parameter.data.to(${dtypeText(dtype)})`,
  ];
}

/** The class that was counted; a causal language model under the name people load it by. */
function modelClass({ model }: Scenario): string {
  const given = typeof model === "string" ? undefined : model["architecture"];
  const config = configOf(model);
  const listed: unknown = config["architectures"];
  const name: unknown = given ?? (Array.isArray(listed) ? listed[0] : undefined);
  const isClass = typeof name === "string" && /^[A-Za-z_]\w*$/.test(name);
  return isClass && !/(?:ForCausalLM|LMHeadModel)$/.test(name) ? name : "AutoModelForCausalLM";
}

function configOf(model: Scenario["model"]): JsonObject {
  const id = typeof model === "string" ? model : model["id"];
  if (typeof id === "string") return knownModel(id)?.config ?? {};
  const config = typeof model === "string" ? undefined : model["config"];
  return isObject(config) ? config : {};
}

function isQuantized({ quantization }: Scenario): boolean {
  return quantization?.["load_in_4bit"] === true || quantization?.["load_in_8bit"] === true;
}

function preparesKbit(scenario: Scenario): boolean {
  return scenario.training?.["prepare_kbit"] === true;
}

function baseDtype(scenario: Scenario): unknown {
  return scenario.training?.["dtype"] ?? "bfloat16";
}

function dtypeText(dtype: unknown): string {
  return isDtype(dtype) ? `torch.${dtype}` : pythonLiteral(dtype);
}

/** `name=value`; a name that is no Python name cannot be an argument and is passed as a dictionary. */
function keyword(name: string, value: unknown): string {
  const text =
    name.endsWith("dtype") || name.endsWith("storage") ? dtypeText(value) : pythonLiteral(value);
  return /^[A-Za-z_]\w*$/.test(name) ? `${name}=${text}` : `**${pythonLiteral({ [name]: value })}`;
}

function call(target: string, callee: string, args: readonly string[]): string {
  return [`${target} = ${callee}(`, ...args.map((argument) => `    ${argument},`), ")"].join("\n");
}
