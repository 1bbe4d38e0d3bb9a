/** What a stack does by itself in words: what no setting of a run says. */

import type { StackProfile } from "./profile.js";
import type { UnslothRules } from "./unsloth.js";

/** Sentences on the second of two stacks: what it does that the first does not, then what it leaves. */
export function differingDoings(
  from: StackProfile,
  to: StackProfile,
  isIn8bit: boolean,
): readonly string[] {
  const [before, after] = [doingsOf(from, isIn8bit), doingsOf(to, isIn8bit)];
  return [
    ...after.filter((text) => !before.includes(text)),
    ...before.filter((text) => !after.includes(text)).map((text) => `without ${text}`),
  ];
}

/** In the words that stand behind "without", too. */
function doingsOf(stack: StackProfile, isIn8bit: boolean): readonly string[] {
  const { castsBack, castsWhole, inputsRequireGrad, keepsLabelled, padsTo, passesMask } = stack;
  return [
    ...(stack.unsloth === undefined ? [] : unslothDoings(stack.unsloth)),
    ...(stack.fusesLora === undefined || isIn8bit
      ? []
      : ["LoRA kernels of its own, which keep less for the backward pass"]),
    ...(castsBack === true ? ["casts of what is not packed to float32 once it is loaded"] : []),
    ...(castsWhole === true ? ["a cast to float32 of a model that trains as a whole"] : []),
    ...(inputsRequireGrad === true ? ["gradients of what embeddings give"] : []),
    ...(keepsLabelled === true
      ? ["logits of labelled tokens alone, where a batch is one row"]
      : []),
    ...(stack.runsLitgpt === true
      ? [
          "a model of its own, with a head apart from the embedding and norms in float32",
          "logits in float32 that stay until the next ones are there",
        ]
      : []),
    ...(padsTo === undefined ? [] : [`lengths that are multiples of ${padsTo}`]),
    ...(passesMask === true ? ["an attention mask for every batch"] : []),
  ];
}

const LOSS_TEXTS: Readonly<Record<UnslothRules["loss"], string>> = {
  full: "whole logits",
  cut: "cut cross entropy above 1,024 tokens",
  fused: "a loss that goes over the tokens in chunks",
};

function unslothDoings({ checkpoint, loss }: UnslothRules): readonly string[] {
  return [
    checkpoint === "smart"
      ? "inputs of layers in the host's memory behind a shared buffer"
      : "inputs of layers in the host's memory",
    "projections and their adapters in one kernel, written over what they no longer need",
    "adapters in float32",
    LOSS_TEXTS[loss],
  ];
}
