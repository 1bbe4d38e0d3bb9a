/** Questions about what a trained parameter costs, and what a frozen one does not. */

import { layerFacts } from "../facts/layer-facts.js";
import type { Lesson } from "../facts/lesson.js";
import { bytesPerElement } from "../../units/dtype.js";
import type { Dtype } from "../../units/dtype.js";
import { chooseAmount, chooseStatement } from "./question.js";
import type { Question } from "./question.js";
import type { TrainedBytes } from "./question-facts.js";

/** AdamW keeps two running averages of every gradient. Source: Loshchilov and Hutter 2017, arXiv:1711.05101. */
const AVERAGES = 2;

/** PyTorch makes gradients and averages in the dtype of their parameter. Source: torch@2.13.0 optim/adam.py `_init_group`. */
function trainedBytes(dtype: Dtype): TrainedBytes {
  const each = bytesPerElement(dtype);
  return { parameter: each, gradient: each, average: each, total: (2 + AVERAGES) * each };
}

const FLOAT32 = trainedBytes("float32");
const BFLOAT16 = trainedBytes("bfloat16");
/** Parameters and gradients in bfloat16, averages in float32. */
const MIXED_TOTAL = BFLOAT16.parameter + BFLOAT16.gradient + AVERAGES * FLOAT32.average;

export function adamFloat32(): Question<"adam-float32"> {
  const { total, parameter, gradient, average } = FLOAT32;
  return {
    id: "adam-float32",
    theme: "optimizer",
    facts: FLOAT32,
    ...chooseAmount("bytes per parameter", total, [
      ["other-dtype", BFLOAT16.total],
      ["one-average", parameter + gradient + average],
      ["parameters-only", parameter],
    ]),
  };
}

export function adamBfloat16(): Question<"adam-bfloat16"> {
  const { total, parameter, gradient, average } = BFLOAT16;
  return {
    id: "adam-bfloat16",
    theme: "optimizer",
    facts: BFLOAT16,
    ...chooseAmount("bytes per parameter", total, [
      ["other-dtype", FLOAT32.total],
      ["mixed-dtypes", MIXED_TOTAL],
      ["one-average", parameter + gradient + average],
    ]),
  };
}

/** How far the states of two averages may be from twice the parameters: one step counter per tensor. */
const STEP_COUNTERS = 0.01;

/** About the states of this run; only where they are two averages per parameter. */
export function optimizerOfRun({
  trainable,
  base,
  memory,
}: Lesson): readonly Question<"optimizer-of-run">[] {
  if (memory === undefined) return [];
  const { parameterBytes, optimizerBytes } = memory.trained;
  if (Math.abs(optimizerBytes / (AVERAGES * parameterBytes) - 1) > STEP_COUNTERS) return [];
  const each = Math.round(optimizerBytes / trainable);
  const bytes = each * trainable;
  return [
    {
      id: "optimizer-of-run",
      theme: "optimizer",
      facts: { trainable, each, bytes },
      ...chooseAmount("bytes", bytes, [
        ["frozen-too", each * base],
        ["one-average", bytes / AVERAGES],
        ["with-gradients", bytes + bytes / AVERAGES],
      ]),
    },
  ];
}

export function frozenNeeds(): Question<"frozen-needs"> {
  return {
    id: "frozen-needs",
    theme: "optimizer",
    facts: null,
    ...chooseStatement(13, "frozen-storage-only", [
      "frozen-gradient",
      "frozen-averages",
      "frozen-everything",
    ]),
  };
}

export function memoryStays({ layer }: Lesson): Question<"memory-stays"> {
  return {
    id: "memory-stays",
    theme: "optimizer",
    facts: { fewerPercent: layerFacts(layer).fewerPercent },
    ...chooseStatement(14, "memory-frozen-stay", [
      "memory-adapters-large",
      "memory-r-hidden",
      "memory-optimizer-all",
    ]),
  };
}
