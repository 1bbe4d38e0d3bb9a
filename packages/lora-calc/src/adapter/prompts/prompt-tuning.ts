/** Prompt tuning: trained embeddings in front of the input; alone, shared by tasks, or beside fixed ones (CPT). */

import { adapterFields } from "../../fields/scenario.js";
import type { Fields } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import { trained } from "../methods/tensors.js";
import { rejectOption } from "../plan/reject-option.js";
import { readVirtualTokens } from "./prompt-method.js";
import type { PromptMethod } from "./prompt-method.js";

const FIELDS = adapterFields(
  ["prompt_tuning_init", "prompt_tuning_init_text", "tokenizer_name_or_path"],
  ["tokenizer_kwargs"],
);
const EMBEDDING = "prompt_encoder.default.embedding.weight";

/**
 *     tokens · d
 *
 * Source: peft tuners/prompt_tuning/model.py `PromptEmbedding`.
 */
export const promptTuning: PromptMethod = {
  peftType: "PROMPT_TUNING",
  configClass: "PromptTuningConfig",
  formula: "tokens · d",
  fields: FIELDS,
  read: (adapter) => {
    checkText(adapter);
    return ({ hiddenSize, submodules }) => {
      const saved = [readVirtualTokens(adapter) * submodules, hiddenSize];
      return { saved, tensors: [trained(EMBEDDING, ...saved)] };
    };
  },
};

/**
 *     tokens · d + tasks · ranks · (tokens + d)
 *
 * Source: arXiv:2303.02861; peft tuners/multitask_prompt_tuning/model.py `MultitaskPromptEmbedding`.
 */
export const multitaskPromptTuning: PromptMethod = {
  peftType: "MULTITASK_PROMPT_TUNING",
  configClass: "MultitaskPromptTuningConfig",
  formula: "tokens · d + tasks · ranks · (tokens + d)",
  fields: adapterFields(FIELDS, [
    "prompt_tuning_init_state_dict_path",
    "prompt_tuning_init_task",
    "num_ranks",
    "num_tasks",
  ]),
  read:
    (adapter) =>
    ({ hiddenSize, submodules }) => {
      const tokens = readVirtualTokens(adapter) * submodules;
      const tasks = adapter.integer("num_tasks", { min: 1 }) ?? 1;
      const ranks = adapter.integer("num_ranks", { min: 1 }) ?? 1;
      const saved = [tokens, hiddenSize];
      const shared = [
        trained("prompt_encoder.default.prefix_task_cols", tasks, tokens, ranks),
        trained("prompt_encoder.default.prefix_task_rows", tasks, ranks, hiddenSize),
      ].map((tensor) => ({ ...tensor, isSaved: true }));
      return { saved, tensors: [trained(EMBEDDING, ...saved), ...shared] };
    },
};

/**
 *     tokens · d trained, as many frozen
 *
 * Source: arXiv:2410.17222; peft tuners/cpt/model.py `CPTEmbedding`.
 */
export const cpt: PromptMethod = {
  peftType: "CPT",
  configClass: "CPTConfig",
  formula: "tokens · d",
  fields: adapterFields(
    ["cpt_token_ids", "cpt_mask", "cpt_tokens_type_mask", "opt_weighted_loss_type"],
    ["opt_loss_decay_factor", "opt_projection_epsilon", "opt_projection_format_epsilon"],
    ["tokenizer_name_or_path"],
  ),
  read: (adapter) => {
    if (adapter.string("task_type") !== "CAUSAL_LM")
      rejectOption(adapter, "task_type", "must be CAUSAL_LM for CPT");
    const tokens = (adapter.integerList("cpt_token_ids") ?? [0]).length;
    for (const field of ["cpt_mask", "cpt_tokens_type_mask"]) {
      const mask = adapter.integerList(field);
      if (mask !== undefined && mask.length !== tokens) {
        rejectOption(adapter, field, "must be as long as cpt_token_ids");
      }
    }
    return ({ hiddenSize, hidesEmbedding }) => {
      if (hidesEmbedding === true) {
        reject({
          code: "missing_attribute",
          path: adapter.at("peft_type"),
          message:
            "CPT starts from the word embedding, which PEFT looks for by its vocab_size rows and does not find in this model",
          received: "CPT",
        });
      }
      const saved = [tokens, hiddenSize];
      const delta = trained("prompt_encoder.default.delta_embedding.weight", ...saved);
      return { saved, tensors: [{ name: EMBEDDING, shape: saved, trainable: false }, delta] };
    };
  },
};

/** Source: peft tuners/prompt_tuning/config.py `PromptTuningConfig.__post_init__`. */
function checkText(adapter: Fields): void {
  const isText = adapter.string("prompt_tuning_init") === "TEXT";
  for (const field of ["tokenizer_name_or_path", "prompt_tuning_init_text"]) {
    if (isText && !adapter.has(field)) rejectOption(adapter, field, "is needed to start from TEXT");
  }
  if (!isText && Object.keys(adapter.object("tokenizer_kwargs")?.values ?? {}).length > 0) {
    rejectOption(adapter, "tokenizer_kwargs", "is for prompt_tuning_init TEXT only");
  }
}
