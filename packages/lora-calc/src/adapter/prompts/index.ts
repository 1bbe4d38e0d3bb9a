/** All methods of virtual tokens, by `peft_type`. */

import { pTuning } from "./p-tuning.js";
import { cartridge, prefixTuning } from "./prefix-tuning.js";
import type { PromptMethod } from "./prompt-method.js";
import { cpt, multitaskPromptTuning, promptTuning } from "./prompt-tuning.js";

export const PROMPT_METHODS: readonly PromptMethod[] = [
  ...[cartridge, cpt, multitaskPromptTuning, pTuning, prefixTuning, promptTuning],
];
