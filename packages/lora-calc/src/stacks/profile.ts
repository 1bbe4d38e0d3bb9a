/** What a training stack installs, and does where its user says nothing: the shape of a profile. */

import type { StepValues } from "../fields/step.js";
import type { JsonObject } from "../problem/fields.js";
import type { StackReleases } from "../worlds/world.js";
import type { UnslothRules } from "./unsloth.js";

export interface StackProfile extends StackReleases {
  readonly id: string;
  /** Values the stack takes where the scenario is silent and this calculator's own defaults are others. */
  readonly training: Partial<StepValues>;
  /** What differs on a quantized base: adapters that the stack casts itself, and the dtype QLoRA recipes load in. */
  readonly onQuantizedBase?: Partial<StepValues>;
  /** What its users should know when they leave the dtype of the base to it: without and with quantization. */
  readonly dtypeTrap?: { readonly plain: string; readonly quantized: string };
  /** Adds the loss that balances experts unless router_aux_loss_coef is 0: the weight it takes. */
  readonly balancesExperts?: string;
  /** Its trainers score tokens with a fused head, which TRL's `loss_type` then names; else by logits. */
  readonly fusesHead?: true;
  /** Its trainers train language models token by token; a class with a loss of its own is for another trainer. */
  readonly trainsTokensOnly?: true;
  /** Adapters are added by transformers' `add_adapter`, which leaves them in the dtype of the base; PEFT casts 16 bits to float32. */
  readonly adaptersFollowBase?: true;
  /** The base is loaded in the dtype that it is published in. */
  readonly loadsPublished?: true;
  /** What its loader packs 4 bits with where nothing more is said. Fields of BitsAndBytesConfig. */
  readonly packs4bit?: JsonObject;
  /** A model that trains as a whole is made float32 once it is loaded. */
  readonly castsWhole?: true;
  /** Its packed batches say where their sequences start; else models look in the positions. */
  readonly handsStarts?: true;
  /** Norms and embeddings are float32 for a while between load and adapters; what else is not packed stays so. */
  readonly castsBack?: true;
  /** The allocator gives back what is free once all is loaded. */
  readonly emptiesCache?: true;
  /** What embeddings give requires gradients beside adapters, checkpointed or not (`enable_input_require_grads`). */
  readonly inputsRequireGrad?: true;
  /** The head sees the tokens that predict a label alone, where a batch is one row. */
  readonly keepsLabelled?: true;
  /** Runs in the 16 bits that the model is published in; of one in float32, or float16, under fp16, with 4 bits computed in float32. */
  readonly followsPublished?: true;
  /** Checkpoints are reentrant on one card, and not on several. */
  readonly reentrantAlone?: true;
  /** Sequences of an optimizer step on all cards, which decide the accumulation where nobody does. */
  readonly globalBatch?: number;
  /** Types whose projections run by its LoRA kernels, but on weights in 8 bits; others stop or are not compared. */
  readonly fusesLora?: readonly string[];
  /** Its collator pads every batch up to a multiple of so many tokens. */
  readonly padsTo?: number;
  /** Types that it gives attention written out, where nobody names one. */
  readonly eagerFor?: readonly string[];
  /** Types that it runs by kernels that have no program here: their names. */
  readonly ownKernelFor?: Readonly<Record<string, string>>;
  /** Only layers with something to train are checkpointed. */
  readonly checkpointsTrained?: true;
  /** Types that its own fork of cut cross entropy is made for, where it has one. */
  readonly cutsLossFor?: readonly string[];
  /** Losses that it has programs of; another trainer's are for that trainer. */
  readonly losses?: readonly StepValues["loss"][];
  /** Methods other than these run by a trainer of its own. */
  readonly trainsBy?: readonly StepValues["method"][];
  /** Its forwards run in place of transformers', with what it does about memory. */
  readonly unsloth?: UnslothRules;
  /** Its trainer is one that Unsloth patches: the same script runs there, with two lines more. */
  readonly patchedByUnsloth?: true;
  /** Its own model and LoRA layers run, by its loop (LitGPT). */
  readonly runsLitgpt?: true;
  /** Autocast is over a model in float32 alone; one in 16 bits runs as it is. */
  readonly autocastsFloat32?: true;
  /** Its trainer embeds pairs of texts with classes that have no head. */
  readonly trainsPairs?: true;
  /** Its collator gives every batch an attention mask, padded or not. */
  readonly passesMask?: true;
  /** On a quantized base DoRA's magnitudes stay float32 beside adapters that are cast. */
  readonly keepsMagnitudes?: true;
  /** Code that was read for these values. */
  readonly source: string;
}
