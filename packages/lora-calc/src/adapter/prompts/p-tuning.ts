/** P-tuning: virtual tokens that a small network makes. */

import { adapterFields } from "../../fields/scenario.js";
import { reject } from "../../problem/problem.js";
import { trained } from "../methods/tensors.js";
import type { AdapterTensor } from "../plan/plan.js";
import { readVirtualTokens } from "./prompt-method.js";
import type { PromptMethod } from "./prompt-method.js";
import { missing } from "../../problem/missing.js";

const ENCODER = "prompt_encoder.default";

/**
 *     tokens · d, and the encoder
 *     MLP:  (d·h + h) + (h² + h) + (h·d + d)
 *     LSTM: per layer 2 · (4h · (x + h) + 8h), x = d, then 2h; and (4h² + 2h) + (2h·d + d)
 *
 * Source: peft tuners/p_tuning/model.py `PromptEncoder`.
 */
export const pTuning: PromptMethod = {
  peftType: "P_TUNING",
  configClass: "PromptEncoderConfig",
  formula: "tokens · d and the encoder that makes them",
  fields: adapterFields(
    ["encoder_reparameterization_type", "encoder_hidden_size", "encoder_num_layers"],
    ["encoder_dropout"],
  ),
  read:
    (adapter) =>
    ({ hiddenSize, submodules }) => {
      const kind = adapter.oneOf("encoder_reparameterization_type", ["MLP", "LSTM"]) ?? "MLP";
      const inner = adapter.integer("encoder_hidden_size", { min: 1 }) ?? hiddenSize;
      const layers = adapter.integer("encoder_num_layers", { min: 1, max: 1000 }) ?? 2;
      if (kind === "MLP" && adapter.has("encoder_reparameterization_type") && layers !== 2) {
        reject({
          code: "missing_attribute",
          path: adapter.at("encoder_num_layers"),
          message: `PEFT stops while it warns that an MLP named by a text has 2 layers (AttributeError: 'str' object has no attribute 'value'); leave encoder_num_layers out`,
          received: layers,
          expected: 2,
        });
      }
      const saved = [readVirtualTokens(adapter) * submodules, hiddenSize];
      const network =
        kind === "MLP"
          ? mlp([hiddenSize, inner, inner, hiddenSize])
          : [...lstm(hiddenSize, inner, layers), ...mlp([2 * inner, 2 * inner, hiddenSize])];
      return { saved, tensors: [trained(`${ENCODER}.embedding.weight`, ...saved), ...network] };
    },
};

/** Linear layers with bias from one width to the next, an activation between two. */
function mlp(widths: readonly number[]): readonly AdapterTensor[] {
  return widths
    .slice(1)
    .flatMap((outFeatures, index) => [
      trained(`${ENCODER}.mlp_head.${2 * index}.weight`, outFeatures, widths[index] ?? missing()),
      trained(`${ENCODER}.mlp_head.${2 * index}.bias`, outFeatures),
    ]);
}

/** Both directions of every layer, four gates each. */
function lstm(width: number, inner: number, layers: number): readonly AdapterTensor[] {
  return Array.from({ length: layers }, (_, layer) => {
    const input = layer === 0 ? width : 2 * inner;
    return ["", "_reverse"].flatMap((direction) => [
      trained(`${ENCODER}.lstm_head.weight_ih_l${layer}${direction}`, 4 * inner, input),
      trained(`${ENCODER}.lstm_head.weight_hh_l${layer}${direction}`, 4 * inner, inner),
      trained(`${ENCODER}.lstm_head.bias_ih_l${layer}${direction}`, 4 * inner),
      trained(`${ENCODER}.lstm_head.bias_hh_l${layer}${direction}`, 4 * inner),
    ]);
  }).flat();
}
