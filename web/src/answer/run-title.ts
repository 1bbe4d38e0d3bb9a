/** A run in a line: model, card, way, rank, batch and length. */

import { withAssumed } from "lora-calc";
import type { Estimate, Scenario } from "lora-calc";
import { modelLabel } from "../state/model-label.js";
import { presetOf } from "../state/presets.js";
import { ASK } from "../words/ask-en.js";
import { BESIDE } from "../words/beside-en.js";
import { gpuName } from "./verdict.js";

/** `estimate` says what the run leaves to defaults. */
export function runTitle(scenario: Scenario, estimate: Estimate): string {
  const preset = presetOf(scenario);
  const { adapter, quantization, training = {} } = withAssumed(scenario, estimate);
  const { per_device_train_batch_size: batch, max_length: length } = training;
  const isFull = adapter === null || adapter === undefined;
  return [
    modelLabel(scenario.model),
    gpuName(scenario),
    preset === undefined ? ASK.base(quantization, isFull) : ASK.ways[preset.id],
    isFull ? undefined : BESIDE.rank(adapter["r"]),
    BESIDE.shape(batch, length),
  ]
    .filter((part) => part !== undefined)
    .join(" · ");
}
