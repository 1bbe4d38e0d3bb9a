/** Prefix tuning and Cartridge: trained keys and values in front of those of every layer. */

import { trained } from "../methods/tensors.js";
import { rejectOption } from "../plan/reject-option.js";
import { readVirtualTokens } from "./prompt-method.js";
import type { PromptMethod } from "./prompt-method.js";

const ENCODER = "prompt_encoder.default";

/**
 *     tokens · layers · 2 · kv
 *     with prefix_projection: tokens · kv + (kv·e + e) + (e + 1) · layers · 2 · kv
 *
 * Source: peft tuners/prefix_tuning/model.py `PrefixEncoder`.
 */
export const prefixTuning: PromptMethod = {
  peftType: "PREFIX_TUNING",
  configClass: "PrefixTuningConfig",
  formula: "tokens · layers · 2 · kv",
  fields: ["init_weights", "encoder_hidden_size", "prefix_projection"],
  read:
    (adapter) =>
    ({ layers, keyValueSize }) => {
      const tokens = readVirtualTokens(adapter);
      const all = layers * 2 * keyValueSize;
      if (adapter.boolean("prefix_projection") !== true) {
        return {
          saved: [tokens, all],
          tensors: [trained(`${ENCODER}.embedding.weight`, tokens, all)],
        };
      }
      const inner = adapter.integer("encoder_hidden_size", { min: 1 }) ?? keyValueSize;
      const tensors = [
        trained(`${ENCODER}.embedding.weight`, tokens, keyValueSize),
        trained(`${ENCODER}.transform.0.weight`, inner, keyValueSize),
        trained(`${ENCODER}.transform.0.bias`, inner),
        trained(`${ENCODER}.transform.2.weight`, all, inner),
        trained(`${ENCODER}.transform.2.bias`, all),
      ];
      return { saved: [tokens, all], tensors };
    },
};

/**
 *     (tokens − frozen) · layers · 2 · kv, and the frozen ones
 *
 * Source: peft tuners/cartridge/model.py `CartridgeEncoder`.
 */
export const cartridge: PromptMethod = {
  peftType: "CARTRIDGE",
  configClass: "CartridgeConfig",
  formula: "(tokens − frozen) · layers · 2 · kv",
  fields: ["num_frozen_tokens"],
  read: (adapter) => {
    const tokens = readVirtualTokens(adapter);
    const frozen = adapter.integer("num_frozen_tokens") ?? 1;
    if (frozen < 0 || frozen > tokens) {
      rejectOption(adapter, "num_frozen_tokens", `must be between 0 and ${tokens}`);
    }
    return ({ layers, keyValueSize }) => {
      const all = layers * 2 * keyValueSize;
      const tensors = [
        { name: `${ENCODER}.frozen_embedding`, shape: [frozen, all], trainable: false },
        trained(`${ENCODER}.trainable_embedding`, tokens - frozen, all),
      ];
      return { saved: [tokens, all], tensors };
    };
  },
};
