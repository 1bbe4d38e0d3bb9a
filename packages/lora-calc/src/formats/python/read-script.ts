/** Reads the calls of a Python text into a scenario: what is loaded, what is adapted, what trains it and how. */

import type { StackId } from "../../stacks/stacks.js";
import { newDraft, scenarioOf } from "../draft.js";
import { finding } from "../format.js";
import type { TrainerFile } from "../read-file.js";
import { readAdapterOf, readConfig } from "./read-adapter.js";
import { argument, placeFindings, readCall, unresolved } from "./read-call.js";
import type { ScriptReading } from "./read-call.js";
import { readLoad, readPackingOf } from "./read-load.js";
import { plainData, wordOf } from "./script.js";
import type { PythonCall, PythonScript, PythonValue } from "./script.js";
import { OLDER_TRAINING_ARGUMENTS, TRAINER, TRAINING_ARGUMENTS } from "./tables.js";
import { isOfUnsloth, traceModel } from "./trace-model.js";

/** Trainers that have a program, and the methods of the others. */
const METHODS: Readonly<Record<string, string>> = {
  SFTTrainer: "sft",
  UnslothTrainer: "sft",
  DPOTrainer: "dpo",
};
const TRANSFORMERS = ["Trainer", "Seq2SeqTrainer"];

/** What makes a text one that trains, or says an adapter. */
const TRAINERS = /(?:^|\.)(?!Patch)(?:[A-Z]\w*)?Trainer$/;
const OF_MODELS =
  /(?:^|\.)(?:get_peft_model|LoraConfig)$|(?:^|\.)Fast(?:\w*Model|SentenceTransformer)\.from_pretrained$/;

/**
 * The scenario of a Python text that trains with transformers, PEFT, TRL or Unsloth; undefined for a text with no such calls. What
 * only a run can tell is a finding `unresolved`, and no value of a field, so that an estimate names it; what was taken for granted is one
 * `assumed`.
 *
 * Example: readPythonScript({ calls: [], notes: [] }) // undefined
 */
export function readPythonScript({ calls, notes }: PythonScript): TrainerFile | undefined {
  const trainers = calls.filter(({ callee }) => TRAINERS.test(callee));
  const trainer = trainers.at(-1);
  if (trainer === undefined && !calls.some(({ callee }) => OF_MODELS.test(callee)))
    return undefined;
  const draft = newDraft(undefined);
  draft.adapter = null;
  const reading: ScriptReading = { draft, used: [], ignored: [], isFull: false };
  const model =
    trainer === undefined
      ? lastModel(calls)
      : (trainer.keywords.get("model") ?? trainer.positional[0]);
  const trace = traceModel(model);
  const isUnsloth = [trace.load, ...trace.steps].some(
    (call) => call !== undefined && "callee" in call && isOfUnsloth(call),
  );
  readLoad(trace.load, reading);
  for (const step of trace.steps) readAdapterOf(step, reading);
  readOfModel(calls, reading);
  if (trainer !== undefined) readTrainer(trainer, calls, { reading, isUnsloth });
  else
    finding(
      draft,
      "not_computed",
      "loop",
      "no trainer is called in this text: parameters are counted, memory is not",
    );
  for (const other of trainers.slice(0, -1))
    if (other.callee !== trainer?.callee || other.at !== trainer.at)
      finding(
        draft,
        "assumed",
        wordOf(other.callee),
        `${wordOf(other.callee)} at ${other.at} is left aside: the last trainer of the text is read`,
      );
  for (const { at, text } of notes)
    draft.findings.push({ level: "note", code: "assumed", key: "", at, message: text });
  tellDefaults([trainer, ...trace.steps], reading);
  return {
    trainer: nameOf(trainer, isUnsloth),
    scenario: scenarioOf(draft),
    used: reading.used,
    ignored: reading.ignored,
    findings: draft.findings,
  };
}

function nameOf(trainer: PythonCall | undefined, isUnsloth: boolean): string {
  if (isUnsloth) return "Unsloth";
  if (trainer === undefined) return "PEFT";
  return TRANSFORMERS.includes(wordOf(trainer.callee)) ? "transformers" : "TRL";
}

/** Without a trainer, what an adapter was added to last; else what was loaded last. */
function lastModel(calls: readonly PythonCall[]): PythonValue | undefined {
  const adapted = calls.findLast(({ callee }) => /(?:^|\.)get_peft_model$/.test(callee));
  const loaded = calls.findLast(({ callee }) =>
    /(?:^|\.)(?:AutoModel\w*|Fast\w*Model|\w+For[A-Z]\w+)\.from_pretrained$/.test(callee),
  );
  const call = adapted ?? loaded;
  return call === undefined ? undefined : { kind: "call", call };
}

/** What is called on the model on the way: it is the model's, whoever holds it. */
function readOfModel(calls: readonly PythonCall[], reading: ScriptReading): void {
  for (const call of calls) {
    if (call.callee === ".add_adapter") readAdapterOf(call, reading);
    else if (call.callee === ".gradient_checkpointing_enable") {
      reading.draft.training["gradient_checkpointing"] = true;
      reading.used.push("gradient_checkpointing_enable");
    }
  }
}

function readTrainer(
  trainer: PythonCall,
  calls: readonly PythonCall[],
  { reading, isUnsloth }: { readonly reading: ScriptReading; readonly isUnsloth: boolean },
): void {
  const { draft } = reading;
  const word = wordOf(trainer.callee);
  draft.stack = stackOf(word, isUnsloth);
  if (draft.stack === undefined)
    finding(
      draft,
      "not_computed",
      word,
      `${word} has no program here: parameters are counted, memory is not`,
    );
  if (METHODS[word] === "dpo") draft.training["method"] = "dpo";
  const { args, peft_config: config } = Object.fromEntries(trainer.keywords);
  readArguments(args ?? trainer.positional[1], { reading, isUnsloth });
  const before = draft.findings.length;
  readCall(TRAINER, trainer, {
    reading,
    own: ["peft_config", "args", "model", "quantization_config"],
  });
  placeFindings(draft.findings, before, trainer.at);
  if (config !== undefined && plainData(config)?.value !== null) readConfig(config, reading);
  readPackingOf(trainer.keywords.get("quantization_config"), reading);
  if (TRANSFORMERS.includes(word)) readLength(calls, reading);
  const { training } = draft;
  if (isUnsloth) training["max_length"] ??= training["max_seq_length"];
}

function stackOf(word: string, isUnsloth: boolean): StackId | undefined {
  const method = METHODS[word];
  if (isUnsloth) return method === "sft" ? "unsloth-2026.8" : undefined;
  if (method !== undefined) return "trl-1.16";
  return TRANSFORMERS.includes(word) ? "hf-trainer-5.24" : undefined;
}

function readArguments(
  args: PythonValue | undefined,
  { reading, isUnsloth }: { readonly reading: ScriptReading; readonly isUnsloth: boolean },
): void {
  if (args === undefined || plainData(args)?.value === null) return;
  if (args.kind === "call" && /(?:Config|Arguments)$/.test(args.call.callee))
    readCall(isUnsloth ? OLDER_TRAINING_ARGUMENTS : TRAINING_ARGUMENTS, args.call, {
      reading,
      names: ["output_dir"],
    });
  else unresolved(reading.draft, "args", args);
}

/** transformers' Trainer takes rows as they are: how long they are says the tokenizer's call, where it cuts them. */
function readLength(calls: readonly PythonCall[], { draft, used }: ScriptReading): void {
  const cuts = calls.filter(
    (call) =>
      argument(call, "truncation") !== undefined && argument(call, "max_length") !== undefined,
  );
  const longest = argument(cuts.at(-1) ?? { ...EMPTY }, "max_length");
  if (typeof longest === "number") {
    draft.training["max_length"] = longest;
    used.push("tokenizer.max_length");
  } else
    finding(
      draft,
      "unresolved",
      "max_length",
      "how long the rows are is not said in a way that can be told: say it as --max-length",
    );
}

const EMPTY: PythonCall = { callee: "", positional: [], keywords: new Map(), more: [], at: "" };

/** A function that nobody calls here has its defaults. */
function tellDefaults(calls: readonly (PythonCall | undefined)[], { draft }: ScriptReading): void {
  const names = new Set(calls.flatMap((call) => call?.inDefaultsOf ?? []));
  for (const name of names)
    finding(
      draft,
      "assumed",
      name,
      `${name} is not called in this text: its parameters are taken at their defaults`,
    );
}
