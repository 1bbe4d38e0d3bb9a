/** Writes a script that measures a run on a card: two steps of TRL's own trainer on weights that are all zero. */

import { estimate } from "./estimate.js";
import { checkLoraFields } from "./exchange/adapter-config.js";
import { pythonLiteral } from "./exchange/python-literal.js";
import { withAssumed } from "./exchange/with-assumed.js";
import { readModel } from "./graph/read-model.js";
import { publishedDtype } from "./memory/settings/published-dtype.js";
import { Fields } from "./problem/fields.js";
import type { JsonObject } from "./problem/fields.js";
import { InputError, reject } from "./problem/problem.js";
import { situationOf } from "./price.js";
import { isRefusal } from "./result.js";
import type { Refusal } from "./result.js";
import type { Scenario } from "./scenario.js";
import { findStack } from "./stacks/stacks.js";
import { comment } from "./writers/comment.js";
import { MEASURE_HARNESS } from "./writers/measure-harness.js";
import { runOf } from "./writers/run.js";
import { saidByTrl, trlDefinitions } from "./writers/trl-python.js";

export interface MeasureScript {
  readonly text: string;
  /** The run that the script makes, under TRL. */
  readonly scenario: Scenario;
}

/** Whose steps the script runs; what names no trainer runs under it, too. */
const TRAINER = "trl-1.16";

/**
 * Python that makes the run on the reader's card, of two optimizer steps, and writes what PyTorch and the driver counted as JSON
 * for `calibrate`. It needs what TRL needs, no weights and no data: the checkpoint is a header with zeros behind it that take no room.
 *
 * Never throws; a run of another trainer, of preferences, or without a config.json is an `error`.
 * Example: writeMeasure({ model: "gpt2", adapter: { r: 8 } }).scenario.stack // "trl-1.16"
 */
export function writeMeasure(scenario: Scenario): MeasureScript | Refusal {
  const asked: Scenario = { training: {}, ...scenario };
  const result = estimate(asked, { expandable: false });
  if (isRefusal(result)) return result;
  try {
    rejectOther(asked);
    const { description } = readModel(new Fields({ ...asked }, ""));
    if (description.kind !== "config") {
      const message =
        "measure makes the model from its config.json, and this one is given otherwise; give a name of the catalogue or model.config";
      reject({ code: "unsupported", path: "model", message });
    }
    const usual = { ...situationOf({ ...asked, stack: TRAINER, training: {} }).training };
    const inForce: JsonObject = { ...withAssumed(asked, result).training };
    const modules = result.parameters.by_module ?? [];
    const quantization = { ...asked.quantization };
    const run = runOf({ scenario: asked, quantization, inForce, usual, modules });
    const { hardware } = asked;
    const measured: Scenario = {
      ...saidByTrl({ ...run, rates: {} }),
      model: asked.model,
      ...(hardware === undefined ? {} : { hardware }),
    };
    const names = {
      ...{ config: description.config, stored: publishedDtype(description) },
      perRow: perRowOf(inForce),
    };
    return {
      text: scriptOf(trlDefinitions({ ...run, rates: {} }), measured, names),
      scenario: measured,
    };
  } catch (error) {
    if (error instanceof InputError) return { schema: 1, error: error.problem };
    throw error;
  }
}

function rejectOther({ adapter, stack, training, hardware }: Scenario): void {
  if (adapter !== null && adapter !== undefined) checkLoraFields(adapter);
  const profile = stack === undefined ? undefined : findStack(stack);
  const isOwn = profile !== undefined && profile.releases.trl === undefined;
  const why = isOwn
    ? `measure runs TRL's trainer, and ${profile.name} is another; measure a run of its own with torch.cuda.memory_stats(), and give calibrate what it says`
    : training?.method === "dpo"
      ? "measure runs supervised fine-tuning; preferences have no script here"
      : typeof hardware?.count === "number" && hardware.count > 1
        ? "measure runs on one card; give hardware.count 1"
        : undefined;
  if (why === undefined) return;
  reject({ code: "unsupported", path: isOwn ? "stack" : "training", message: why });
}

interface Names {
  readonly config: JsonObject;
  /** What the checkpoint is stored in. */
  readonly stored: string;
  /** Sequences that a row is packed of. */
  readonly perRow: number;
}

function perRowOf(inForce: JsonObject): number {
  const { packing, packed_sequences: packed, per_device_train_batch_size: rows } = inForce;
  if (packing !== true || typeof packed !== "number" || typeof rows !== "number") return 1;
  return Math.max(1, Math.floor(packed / rows));
}

function scriptOf(
  definitions: readonly string[],
  scenario: Scenario,
  { config, stored, perRow }: Names,
): string {
  const lines = [
    comment(
      "Measures two steps of this run on your card; no weights are downloaded, no data is needed.",
    ),
    comment(
      "python measure.py [RESULT.json [SNAPSHOT.pickle]], then lora-calc calibrate RESULT.json",
    ),
    "import json",
    "import os",
    "import subprocess",
    "import sys",
    "import tempfile",
    "from importlib.metadata import version",
    "from pathlib import Path",
    "",
    "import torch",
    "from datasets import Dataset",
    "from tokenizers import Tokenizer, models",
    "from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast, TrainerCallback",
    ...definitions.filter((line) => !LEFT_OUT.test(line)).map(withOwnData),
    "",
    "",
    `SCENARIO = ${pythonLiteral(scenario)}`,
    `CONFIG = ${pythonLiteral(config)}`,
    `STORED = ${pythonLiteral(stored)}`,
    `PER_ROW = ${perRow}`,
  ];
  return `${lines.join("\n")}\n${MEASURE_HARNESS}`;
}

/** Model and data, which the script makes itself, and what is imported already. */
const LEFT_OUT = /^(?:import torch$|from datasets import |MODEL = |DATASET = )/;

/** The trainer's function without its defaults. */
function withOwnData(line: string): string {
  if (line.startsWith("def trainer(")) return line.replace("=MODEL", "").replace("=None", "");
  return line.startsWith("        train_dataset=") ? "        train_dataset=dataset," : line;
}
