/** Example files of the trainers themselves: the run that is read is the one that a person read there. */

import { describe, expect, it } from "vitest";
import { asScenario } from "../../src/exchange/as-scenario.js";
import { estimate } from "../../src/estimate.js";
import { readPythonScript } from "../../src/formats/python/read-script.js";
import type { PythonCall, PythonValue } from "../../src/formats/python/script.js";
import { readTrainerFile } from "../../src/formats/read-file.js";
import type { TrainerFile } from "../../src/formats/read-file.js";
import type { JsonObject } from "../../src/problem/fields.js";
import { isObject } from "../../src/problem/fields.js";
import { isRefusal } from "../../src/result.js";
import { readGoldens } from "./goldens.js";

interface Row {
  readonly url: string;
  readonly commit: string;
  readonly licence: string;
  /** What a person read there. */
  readonly read: JsonObject;
  /** Trainable and all parameters, as a notebook printed them. */
  readonly printed?: readonly (readonly [number, number])[];
  /** Keys and values of YAML. */
  readonly file?: JsonObject;
  /** Calls of Python, as Python's own parser has them. */
  readonly calls?: readonly Call[];
}

interface Call {
  readonly callee: string;
  readonly positional: readonly Value[];
  readonly keywords: Readonly<Record<string, Value>>;
}

type Value = Exclude<PythonValue, { readonly kind: "call" | "unknown" }> | { readonly kind: "unknown" } | { readonly kind: "call"; readonly call: number; readonly item?: number };

const ROWS = readGoldens("official-examples.jsonl.gz") as readonly Row[];

function scriptOf(calls: readonly Call[]): readonly PythonCall[] {
  const made: PythonCall[] = [];
  const valueOf = (value: Value): PythonValue => {
    if (value.kind === "unknown") return { kind: "unknown", text: "?", why: "?" };
    if (value.kind !== "call") return value;
    const call = made[value.call];
    if (call === undefined) throw new Error("a call before it is made");
    return { kind: "call", call, ...(value.item === undefined ? {} : { item: value.item }) };
  };
  for (const { callee, positional, keywords } of calls)
    made.push({
      callee,
      positional: positional.map(valueOf),
      keywords: new Map(Object.entries(keywords).map(([name, value]) => [name, valueOf(value)])),
      ...{ more: [], at: "" },
    });
  return made;
}

function readRow({ file, calls }: Row): TrainerFile {
  const found = calls === undefined ? readTrainerFile(file) : readPythonScript({ calls: scriptOf(calls), notes: [] });
  if (found === undefined) throw new Error("not recognized");
  return found;
}

function sections({ scenario }: TrainerFile): Readonly<Record<"adapter" | "quantization" | "training", JsonObject>> {
  const given: Readonly<Record<string, unknown>> = { ...scenario };
  const of = (name: string): JsonObject => (isObject(given[name]) ? given[name] : {});
  return { adapter: of("adapter"), quantization: of("quantization"), training: of("training") };
}

/** What a person calls a thing, and what it is here. */
const MODULES: Readonly<Record<string, readonly string[]>> = {
  lora_query: ["q_proj"],
  lora_key: ["k_proj"],
  lora_value: ["v_proj"],
  lora_projection: ["o_proj"],
  lora_mlp: ["gate_proj", "up_proj", "down_proj"],
  lora_head: ["lm_head"],
};

function targetsOf(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.flatMap((name: unknown) => MODULES[String(name)] ?? [String(name)]).sort();
}

/** A pattern stands for what Unsloth and AutoModel choose by parts: their counts are compared instead. */
function isPattern(targets: unknown): boolean {
  return typeof targets === "string" && targets !== "all-linear";
}

const lastOf = (name: unknown): string => String(name).split("/").at(-1) ?? "";

/** What a person read, and what is read here, field by field; a field that the file leaves to its trainer is left out. */
function pairsOf(row: Row): readonly (readonly [string, unknown, unknown])[] {
  const person = row.read;
  const found = readRow(row);
  const { adapter, quantization, training } = sections(found);
  const bits = quantization["load_in_4bit"] === true ? 4 : quantization["load_in_8bit"] === true ? 8 : 0;
  const packed = isObject(person["quant"]) ? person["quant"] : {};
  const ofAdapter = [
    ["model", lastOf(person["base_model"]), lastOf(found.scenario.model)],
    ["r", person["r"], adapter["r"]],
    ["alpha", person["alpha"] ?? adapter["lora_alpha"], adapter["lora_alpha"]],
    ["dropout", person["dropout"] ?? 0, adapter["lora_dropout"] ?? 0],
    ["modules_to_save", person["modules_to_save"], adapter["modules_to_save"]],
    ["use_dora", person["use_dora"] ?? false, adapter["use_dora"] ?? false],
    ["use_rslora", person["use_rslora"] ?? false, adapter["use_rslora"] ?? false],
    ...(isPattern(adapter["target_modules"])
      ? []
      : [["targets", targetsOf(person["targets"]), targetsOf(adapter["target_modules"])] as const]),
  ] as const;
  if (found.scenario.stack === undefined) return ofAdapter;
  const given = (name: string): unknown => training[name];
  const ofTraining = [
    ["seq_len", given("max_length")],
    ["micro_batch", given("per_device_train_batch_size")],
    ["grad_acc", given("gradient_accumulation_steps")],
    ["packing", given("packing")],
    ["optimizer", given("optim")],
    ["gradient_checkpointing", given("gradient_checkpointing")],
  ] as const;
  return [
    ...ofAdapter,
    ["bits", packed["bits"] ?? 0, bits],
    ...ofTraining.filter(([, value]) => value !== undefined).map(([name, value]) => [name, readOf(person, name), value] as const),
  ];
}

function readOf(person: JsonObject, name: string): unknown {
  const value = person[name];
  if (name === "packing") return value ?? false;
  // Whether checkpoints wait elsewhere is a finding.
  if (name === "gradient_checkpointing") return value !== false && value !== undefined;
  return value === "AdamW" ? "adamw_torch" : value;
}

const nameOf = ({ url }: Row): string => decodeURIComponent(url.split("/blob/")[1]?.slice(41) ?? "");

const READ = ROWS.filter(({ read }) => (read as JsonObject | undefined) !== undefined);

describe("an official example is the run that a person read there", () => {
  it.each(READ.map((row) => [nameOf(row), row] as const))("%s", (_, row) => {
    const pairs = pairsOf(row);
    const own = Object.fromEntries(pairs.map(([name, , value]) => [name, value]));
    expect(own).toEqual(Object.fromEntries(pairs.map(([name, value]) => [name, value])));
  });

  it("of eight trainers, sixty and more, every key of them used, ignored or named", () => {
    expect(READ.length).toBeGreaterThanOrEqual(60);
    const trainers = new Set(READ.map((row) => readRow(row).trainer));
    expect([...trainers].sort()).toEqual([
      ...["Axolotl", "LLaMA-Factory", "LitGPT", "MLX-LM", "NeMo AutoModel", "TRL", "Unsloth", "torchtune"],
    ]);
    const keys = { files: 0, used: 0, ignored: 0, named: 0, unknown: 0 };
    for (const row of READ) {
      const { used, ignored, findings } = readRow(row);
      keys.files += 1;
      keys.used += used.length;
      keys.ignored += ignored.length;
      keys.named += findings.filter(({ code }) => code === "not_computed").length;
      keys.unknown += findings.filter(({ code }) => code === "unknown_key").length;
    }
    expect(keys).toMatchInlineSnapshot(`
      {
        "files": 94,
        "ignored": 1913,
        "named": 65,
        "unknown": 1,
        "used": 1248,
      }
    `);
  });
});

/** Notebooks whose print is not met, and why; each reason but the last two was seen in the notebook or in the library. */
const REASONS: Readonly<Record<string, readonly string[]>> = {
  "is not in the catalogue; with its config.json it would be counted": [
    ...["Deepseek_OCR_(3B)-Eval", "Deepseek_OCR_(3B)-Evaluation", "Deepseek_OCR_(3B)", "Deepseek_OCR_2_(3B)"],
    ...["ERNIE_4_5_VL_28B_A3B_PT_Vision", "Gemma4_(12B)_Audio", "Gemma4_(12B)_Text", "Gemma4_(12B)_Vision"],
    ...["LFM2.5_VL_(1.6B)-Vision", "Paddle_OCR_(1B)_Vision", "TinyQwen3_MoE"],
  ],
  "layers that share keys and values have their own projections up to transformers 5.5, which is told": [
    ...["Gemma3N_(4B)-Audio", "Gemma3N_(4B)-Conversational", "Gemma3N_(4B)-Vision", "Gemma4_(E2B)-Audio", "Gemma4_(E2B)-Text"],
    ...["Gemma4_(E2B)-Vision", "Gemma4_(E4B)-Audio", "Gemma4_(E4B)-Text", "Gemma4_(E4B)-Vision"],
  ],
  "experts are counted as PEFT 0.21 does, which is told; an earlier PEFT printed": ["Qwen3_MoE", "Qwen3_5_MoE", "Qwen3_6_MoE"],
  "transformers 4.56 has experts one by one; equal with versions.transformers 4.57.6": ["ERNIE_4_5_21B_A3B_PT-Conversational"],
  "prints what another model, or another list of targets, gave: the output is older than the text": [
    ...["Granite4.0", "Gemma4_(E2B)_GRPO", "Gemma4_(E2B)_Reinforcement_Learning_2048_Game", "gpt-oss-(20B)_A100-GRPO"],
  ],
  "names wrappers of Linear layers as targets, which PEFT refuses; Unsloth unwraps them": [
    "Gemma4_(E2B)_Reinforcement_Learning_Sudoku_Game",
  ],
  "is refused: the class uses the weight of a target directly": ["Nemotron-3-Nano-30B-A3B_A100", "Nemotron-Nano-3-30B-A3B_A100"],
  "all parameters count the scales of fp8 weights, or lack a pooler; what trains is equal": ["Llama_FP8_GRPO", "Qwen3_8B_FP8_GRPO", "ModernBert"],
  "loads its model by a function of a kit of its own": ["Synthetic_Data_Hackathon"],
  "trains another class than the one that is counted, which is told": ["bert_classification", "Qwen3_(0_6B)-Phone_Deployment"],
  "not understood: the head that is tied to the embedding is counted once": ["LFM2.5_(1.2B)-Text_Completion", "LFM2.5_(1.2B)-Translation"],
  "not understood": ["EmbeddingGemma_(300M)"],
};
const MISSED = Object.values(REASONS).flat().map((name) => `nb/${name}.ipynb`);

describe("a notebook counts what it printed", () => {
  const printed = ROWS.filter((row) => row.printed !== undefined);
  it.each(printed.map((row) => [nameOf(row), row] as const))("%s", (name, row) => {
    const { scenario } = readRow(row);
    const result = estimate(asScenario({ model: scenario.model, adapter: scenario.adapter }));
    const counts = isRefusal(result) ? result.error.message : [result.parameters.trainable, result.parameters.all];
    if (MISSED.includes(name)) expect(row.printed).not.toContainEqual(counts);
    else expect(row.printed).toContainEqual(counts);
  });

  it("with experts one by one where its transformers has them so", () => {
    const row = printed.find((each) => nameOf(each).includes("ERNIE_4_5_21B"));
    if (row === undefined) throw new Error("it is not there");
    const { model, adapter } = readRow(row).scenario;
    const versions = { transformers: "4.57.6" };
    const result = estimate(asScenario({ model, adapter, versions }));
    expect(isRefusal(result) ? 0 : result.parameters.trainable).toBe(177_545_216);
  });

  it("in half of them to the digit", () => {
    expect([printed.length, printed.length - MISSED.length]).toEqual([82, 42]);
  });
});
