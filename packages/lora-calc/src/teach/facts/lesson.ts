/** The numbers of the chapters, all taken from one answer: what the reader configured is what the lessons show. */

import { bytesOf } from "../../units/dtype.js";
import type { JsonObject } from "../../problem/fields.js";
import type { Estimate, ModuleRow } from "../../result.js";
import type { Scenario } from "../../scenario.js";
import type { LayerShape } from "./layer-facts.js";
import { logitsFacts } from "./logits-facts.js";
import type { LogitsFacts } from "./logits-facts.js";
import { memoryFacts } from "./memory-facts.js";
import type { MemoryFacts } from "./memory-facts.js";
import { percentFewer } from "./percent-fewer.js";
import { trainingOf } from "./run-training.js";
import { scalingOf } from "./scaling.js";
import type { ScalingRule } from "./scaling.js";
import type { TargetChoice } from "./target-choices.js";

export interface Lesson {
  /** The layer that the chapters take apart. */
  readonly layer: LessonLayer;
  /** Of the run as a whole, as PEFT prints them. */
  readonly trainable: number;
  readonly all: number;
  readonly base: number;
  readonly percent: number;
  /** Share of the base model's parameters that need no training: 100 · (1 − trainable / base). */
  readonly fewerPercent: number;
  /** Stored weights of the base model. Unit: bytes. */
  /** Stored weights; of a packed checkpoint whose layout is unknown, the unpacked ones in 16 bits. */
  readonly weightBytes: number;
  readonly targets: readonly TargetChoice[];
  /** Absent when the answer holds no memory. */
  readonly memory?: MemoryFacts;
  /** Absent when the model has no vocabulary. */
  readonly logits?: LogitsFacts;
}

export interface LessonLayer extends LayerShape {
  readonly name: string;
  /** Layers of this shape and name. */
  readonly count: number;
  readonly alpha: number;
  readonly rule: ScalingRule;
  readonly scaling: number;
  /** True when the run has no such adapter, so that the chapter shows PEFT's defaults instead. */
  readonly isExample: boolean;
}

/** What the page knows: a question, its answer and the modules to choose from. */
export interface Answered {
  readonly scenario: Scenario;
  readonly estimate: Estimate;
  readonly targets: readonly TargetChoice[];
}

/** Shown where the run has none: peft tuners/lora/config.py `LoraConfig.r`, `LoraConfig.lora_alpha`. */
const PEFT_DEFAULT = { rank: 8, alpha: 8 };
/** A layer of the size that papers use, for models without a single linear module. */
const EXAMPLE_SHAPE = { name: "q_proj", count: 32, inFeatures: 4096, outFeatures: 4096 };
/** Batch size and length when the question names no training. */
const EXAMPLE_TRAINING = { batch: 1, length: 2048 };

/** The facts of an answer, ready for chapters and quiz. */
export function lessonOf({ scenario, estimate, targets }: Answered): Lesson {
  const { trainable, all, base, percent } = estimate.parameters;
  const memory = memoryFacts(estimate, scenario.adapter === null);
  const logits = logitsFacts(
    targets,
    trainingOf(scenario, estimate, EXAMPLE_TRAINING),
    estimate.memory?.timeline,
  );
  return {
    layer: lessonLayer(scenario.adapter ?? {}, estimate, targets),
    trainable,
    all,
    base,
    percent,
    fewerPercent: percentFewer(base, trainable),
    weightBytes: estimate.weights?.bytes ?? bytesOf(base, "bfloat16"),
    targets,
    ...(memory === undefined ? {} : { memory }),
    ...(logits === undefined ? {} : { logits }),
  };
}

/** The first layer that LoRA adapts in this run; else the first that it could adapt. */
function lessonLayer(
  adapter: JsonObject,
  { parameters }: Estimate,
  targets: readonly TargetChoice[],
): LessonLayer {
  const rule: ScalingRule = adapter["use_rslora"] === true ? "alpha / √r" : "alpha / r";
  const row = parameters.by_module?.find(isAdaptedLinear);
  if (row !== undefined) {
    const { path, count, in_features: inFeatures, out_features: outFeatures, rank, scaling } = row;
    const alpha = Number((scaling / scalingOf(rule, 1, rank)).toPrecision(12));
    const shape = { name: nameOf(path), count, inFeatures, outFeatures };
    return { ...shape, rank, alpha, rule, scaling, isExample: false };
  }
  const target = targets.find(({ isInAllLinear }) => isInAllLinear);
  const { name, count, inFeatures, outFeatures } = target ?? EXAMPLE_SHAPE;
  const scaling = scalingOf(rule, PEFT_DEFAULT.alpha, PEFT_DEFAULT.rank);
  return {
    ...{ name, count, inFeatures, outFeatures },
    ...PEFT_DEFAULT,
    rule,
    scaling,
    isExample: true,
  };
}

type AdaptedLinear = ModuleRow &
  Required<Pick<ModuleRow, "in_features" | "out_features" | "rank" | "scaling">>;

function isAdaptedLinear(row: ModuleRow): row is AdaptedLinear {
  return (
    row.in_features !== undefined &&
    row.out_features !== undefined &&
    row.rank !== undefined &&
    row.scaling !== undefined
  );
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1);
}
