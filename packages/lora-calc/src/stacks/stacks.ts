/** What each training stack installs, and sets when its user sets nothing. Trainer knowledge stands here and in the formats only. */

import { reject } from "../problem/problem.js";
import { nearestOf, suggestion } from "../problem/fields.js";
import { listLaunchers, pinText } from "./launchers.js";
import { AXOLOTL } from "./axolotl.js";
import { LITGPT } from "./litgpt.js";
import { LLAMA_FACTORY } from "./llama-factory.js";
import { MS_SWIFT } from "./ms-swift.js";
import type { StackProfile } from "./profile.js";
import { hasOwnDefaults, UNSLOTH_RELEASES, unslothRules } from "./unsloth.js";
import type { UnslothRelease } from "./unsloth.js";

/** Source: transformers 5.18.0 and 5.24.0 training_args.py, trainer.py. */
const HF_TRAINER = {
  per_device_train_batch_size: 8,
  gradient_checkpointing: false,
  bf16: false,
  loss: "hf",
} as const;

/** Source: trl 1.13.0 and 1.16.0 trainer/sft_trainer.py, trainer/utils.py `create_model_from_path`. */
const TRL = {
  passesMask: true,
  patchedByUnsloth: true,
  trainsTokensOnly: true,
  training: {
    per_device_train_batch_size: 8,
    // A model given by name is loaded in float32 unless model_init_kwargs says otherwise: twice the weights.
    dtype: "float32",
  },
  onQuantizedBase: { adapter_dtype: "bfloat16", dtype: "bfloat16" },
  dtypeTrap: {
    plain:
      "TRL loads a model given by name in float32, twice the bytes of bfloat16; set dtype=bfloat16 in model_init_kwargs",
    quantized:
      "dtype=bfloat16 in model_init_kwargs is taken for granted; without it TRL loads what is not quantized in float32",
  },
} as const;

const STACKS = [
  {
    ...TRL,
    id: "trl-1.13",
    name: "TRL 1.13 SFTTrainer",
    releases: { trl: "1.13.0", transformers: "5.18.0", peft: "0.21.0" },
    balancesExperts: "0.001",
    source:
      "trl 1.13.0 trainer/sft_config.py, trainer/sft_trainer.py, trainer/utils.py create_model_from_path",
  },
  {
    ...TRL,
    id: "trl-1.16",
    name: "TRL 1.16 SFTTrainer",
    releases: { trl: "1.16.0", transformers: "5.24.0", peft: "0.21.2" },
    training: { ...TRL.training, loss: "fused" },
    balancesExperts: "that of the model",
    fusesHead: true,
    keepsMagnitudes: true,
    handsStarts: true,
    source:
      "trl 1.16.0 trainer/base_config.py, trainer/sft_config.py, trainer/sft_trainer.py, trainer/utils.py create_model_from_path, add_fused_lm_head",
  },
  {
    id: "hf-trainer-5.18",
    name: "transformers 5.18 Trainer",
    patchedByUnsloth: true,
    releases: { transformers: "5.18.0", peft: "0.21.0" },
    passesMask: true,
    training: HF_TRAINER,
    source: "transformers 5.18.0 training_args.py, trainer.py",
  },
  {
    id: "hf-trainer-5.24",
    name: "transformers 5.24 Trainer",
    patchedByUnsloth: true,
    releases: { transformers: "5.24.0", peft: "0.21.2" },
    passesMask: true,
    training: HF_TRAINER,
    source: "transformers 5.24.0 training_args.py, trainer.py",
  },
  {
    id: "sentence-transformers-6.2",
    name: "sentence-transformers 6.2",
    releases: { transformers: "5.24.0", peft: "0.21.2" },
    passesMask: true,
    trainsPairs: true,
    adaptersFollowBase: true,
    training: { ...HF_TRAINER, loss: "multiple_negatives_ranking" },
    source:
      "sentence-transformers 6.2.0 base/trainer.py, base/training_args.py, sentence_transformer/losses/multiple_negatives_ranking.py",
  },
  LLAMA_FACTORY,
  AXOLOTL,
  MS_SWIFT,
  LITGPT,
  {
    id: "plain-loop",
    name: "Hand-written PyTorch loop",
    releases: {},
    training: {
      gradient_checkpointing: false,
      bf16: false,
      loss: "hf",
      loop: "plain",
      optim: "adamw_torch",
      max_grad_norm: 0,
    },
    source: "torch.optim.AdamW defaults; outputs stay bound until the next step",
  },
] as const satisfies readonly StackProfile[];

/** Source: unsloth models/rl.py `replacements`, models/llama.py `from_pretrained`, `get_peft_model`. */
const UNSLOTH = {
  packs4bit: { bnb_4bit_quant_type: "nf4", bnb_4bit_use_double_quant: true },
  passesMask: true,
  trainsTokensOnly: true,
  releases: {},
  source: "unsloth@015bdef models/llama.py, models/rl.py; the release by its commits",
} as const;

const UNSLOTH_STEP = {
  per_device_train_batch_size: 8,
  max_length: 2048,
  loss: "unsloth",
  attn_implementation: "xformers",
  optim: "adamw_torch",
} as const;

const UNSLOTH_STACKS = UNSLOTH_RELEASES.map((release) => ({
  ...UNSLOTH,
  id: `unsloth-${release}` as const,
  name: `Unsloth ${release}`,
  training: hasOwnDefaults(release)
    ? {
        ...UNSLOTH_STEP,
        per_device_train_batch_size: 4,
        gradient_accumulation_steps: 2,
        optim: "adamw_8bit" as const,
      }
    : UNSLOTH_STEP,
  unsloth: unslothRules(release),
}));

export type StackId = (typeof STACKS)[number]["id"] | `unsloth-${UnslothRelease}`;

export type KnownStack = StackProfile & { readonly id: StackId };

/** Stacks that are computed, the usual first. Example: listStacks()[0]?.id // "trl-1.13" */
export function listStacks(): readonly KnownStack[] {
  return ALL_STACKS;
}

const ALL_STACKS: readonly KnownStack[] = [...STACKS, ...UNSLOTH_STACKS];

/** Where the command line and the page start from: the newest profile of TRL. Example: USUAL_STACK // "trl-1.16" */
export const USUAL_STACK: StackId = "trl-1.16";

/** The newest release of Unsloth: what a run is moved to from a trainer that it patches. */
export const UNSLOTH_STACK: StackId = "unsloth-2026.8";

/**
 * The release of a stack beside another: the next one where there is one, else the one before; undefined where there is one
 * release. Example: neighbourOf("trl-1.13") // "trl-1.16"
 */
export function neighbourOf(id: StackId): StackId | undefined {
  const familyOf = (stack: StackId): string => stack.replace(/-[\d.]+$/, "");
  const family = ALL_STACKS.map((stack) => stack.id).filter(
    (other) => familyOf(other) === familyOf(id),
  );
  const at = family.indexOf(id);
  return family[at + 1] ?? family[at - 1];
}

/** The stacks whose trainer takes any class of transformers. Example: listGeneralTrainers()[0]?.id // "hf-trainer-5.18" */
export function listGeneralTrainers(): readonly KnownStack[] {
  return listStacks().filter(({ training }) => training === HF_TRAINER);
}

/** The stacks whose trainer embeds texts. Example: listEmbeddingTrainers()[0]?.id // "sentence-transformers-6.2" */
export function listEmbeddingTrainers(): readonly KnownStack[] {
  return listStacks().filter((stack: StackProfile) => stack.trainsPairs === true);
}

/** What a launcher installs, where it is known. */
function pinsOf(id: string): string {
  const launcher = listLaunchers().find((each) => each.id === id);
  return launcher === undefined ? "" : ` (it installs ${pinText(launcher)})`;
}

/** An id as its type. Stops as `findStack` does. Example: findStackId("trl-1.16") // "trl-1.16" */
export function findStackId(id: string): StackId {
  return findStack(id).id;
}

/** Releases that recipes and old links name, and the one that is computed in their place. */
const MOVED: Readonly<Record<string, StackId>> = { "axolotl-0.18": "axolotl-0.19" };

/** Ids of older releases that are taken for another. Example: listMovedStacks()[0] // "axolotl-0.18" */
export function listMovedStacks(): readonly string[] {
  return Object.keys(MOVED);
}

/** Profile by id. Stops with `unsupported` for a stack that exists and `unknown_stack` for any other, and the known ids. */
export function findStack(id: string): KnownStack {
  const wanted = MOVED[id] ?? id;
  const found = ALL_STACKS.find((stack) => stack.id === wanted);
  if (found !== undefined) return found;
  const known = ALL_STACKS.map((stack) => stack.id);
  if (/^(?:trl|hf-trainer|axolotl|llama-factory|ms-swift|litgpt|unsloth)-\d/.test(id)) {
    reject({
      code: "unsupported",
      path: "stack",
      message: `stack ${id} has no program here yet: its kernels, its defaults or its loop differ${pinsOf(id)}; computed are ${known.join(", ")}`,
      received: id,
      expected: known,
    });
  }
  reject({
    code: "unknown_stack",
    path: "stack",
    message: `stack ${id} is not known${suggestion(id, known)}; known are ${known.join(", ")}`,
    received: id,
    expected: known,
    ...nearestOf(id, known),
  });
}
