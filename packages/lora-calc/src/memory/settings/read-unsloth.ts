/** What Unsloth decides where nobody says it: 16 bits by the card, nf4 with double quantization, adapters in float32. */

import type { StepValues } from "../../fields/step.js";
import type { Assumption } from "../../model/config.js";
import type { ModelDescription } from "../../model/description.js";
import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import type { Fields, JsonObject } from "../../problem/fields.js";
import type { StackProfile } from "../../stacks/profile.js";
import { DEFAULT_WHEEL } from "../../catalogue/cuda.js";
import { readHardware } from "./device.js";
import type { ComputeDtype, Quantization } from "./quantization.js";
import type { TrainingSettings } from "./training.js";
import { rejectOther, rejectOutside } from "./unsloth-only.js";
import { unslothUse } from "./unsloth.js";

/** Cards from here on compute in bfloat16. */
const AMPERE = 80;

/** The compute capability of the card, times ten; of an A100 where none is named. */
export function capabilityOf(scenario: Fields): number {
  const hardware = readHardware(scenario.object("hardware")?.values, DEFAULT_WHEEL);
  return hardware.device?.attention.sm ?? AMPERE;
}

/** Cards that take part. */
export function ranksOf(scenario: Fields): number {
  return readHardware(scenario.object("hardware")?.values, DEFAULT_WHEEL).ranks;
}

/** Source: unsloth models/loader.py, `dtype = None`; the notebooks' `fp16 = not is_bfloat16_supported()`. */
export function halfOf(given: JsonObject, sm: number): ComputeDtype {
  const { dtype, fp16, bf16 } = given;
  if (dtype === "float16" || dtype === "bfloat16") return dtype;
  if (fp16 === true) return "float16";
  if (bf16 === true) return "bfloat16";
  return sm >= AMPERE ? "bfloat16" : "float16";
}

export function precisionOf(half: ComputeDtype): Partial<StepValues> {
  if (half === "float32") return {};
  return { dtype: half, bf16: half === "bfloat16", fp16: half === "float16" };
}

interface Read {
  readonly stack: StackProfile | undefined;
  readonly model: ModelDescription;
  readonly graph: ModuleGraph;
  readonly quantization: Quantization | undefined;
  readonly settings: TrainingSettings;
  readonly given: JsonObject;
  readonly sm: number;
}

export interface UnderUnsloth {
  readonly settings: TrainingSettings;
  readonly assumed: readonly Assumption[];
  readonly ignored: readonly string[];
  /** Whether what was taken for a setting changes anything. */
  readonly isUsed: (assumption: Assumption) => boolean;
}

/** Settings that change nothing under Unsloth: it casts, checkpoints and masks in its own way. */
const UNUSED = ["use_reentrant", "prepare_kbit", "padding"] as const;

/** The settings with what Unsloth runs, or as they are under another stack, which has none of its programs. */
export function underUnsloth(read: Read): UnderUnsloth {
  const { stack, model, graph, settings, given, sm } = read;
  const rules = stack?.unsloth;
  if (rules === undefined) {
    rejectOutside(stack, settings, given);
    return { settings, assumed: [], ignored: [], isUsed: () => true };
  }
  rejectOther(settings, read.quantization);
  const room = given["max_seq_length"];
  const maxSeqLength = typeof room === "number" ? room : undefined;
  const ratesCopies = (given["embedding_learning_rate"] ?? null) !== null;
  const asked = { rules, graph, model, settings, maxSeqLength, sm, ratesCopies };
  const unsloth = unslothUse(asked);
  return {
    // Its collators give every batch an attention mask, which the model leaves out.
    settings: { ...settings, unsloth, passesMask: true },
    assumed: [
      ...(maxSeqLength === undefined ? [ROOM(unsloth.maxSeqLength)] : []),
      ...(read.quantization === undefined ? [SIXTEEN_BITS] : []),
    ],
    isUsed: ({ path }) => !UNUSED.some((name) => path === `training.${name}`),
    ignored: UNUSED.filter((name) => (given[name] ?? null) !== null).map(
      (name) => `training.${name}`,
    ),
  };
}

const ROOM = (tokens: number): Assumption => ({
  path: "training.max_seq_length",
  value: tokens,
  reason: "room for what a sequence is long; the loader may be told more",
});

const SIXTEEN_BITS: Assumption = {
  path: "quantization",
  value: null,
  reason: "load_in_4bit=False; from_pretrained of Unsloth itself takes 4 bits",
};
