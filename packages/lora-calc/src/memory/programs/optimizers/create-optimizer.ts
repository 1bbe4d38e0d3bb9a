/** Which optimizer a setting names. */

import type { OptimizerName } from "../../settings/training.js";
import { adafactor } from "./adafactor.js";
import { torchAdamw } from "./adamw-torch.js";
import { bitsAndBytes } from "./bitsandbytes.js";
import type { KeptStates } from "./bitsandbytes.js";
import type { Trained } from "../../load/trained.js";
import type { Optimizer } from "./optimizer.js";
import { torchaoAdamw } from "./torchao.js";

type Create = (trained: Trained) => Optimizer;

/** A state of bitsandbytes, 32 bits or 8, on the card or paged. Source: transformers trainer_optimizer.py `_get_bitsandbytes_optimizer`. */
const states =
  (keeps: KeptStates, bits: 8 | 32, paged = false): Create =>
  (trained) =>
    bitsAndBytes(trained, { keeps, bits, paged });

const OPTIMIZERS: Readonly<Record<OptimizerName, Create>> = {
  adamw_torch: ({ parameters }) => torchAdamw(parameters, "foreach"),
  adamw_torch_fused: ({ parameters }) => torchAdamw(parameters, "fused"),
  adamw_torch_8bit: (trained) => torchaoAdamw(trained, 8),
  adamw_torch_4bit: (trained) => torchaoAdamw(trained, 4),
  adamw_8bit: states("two", 8),
  adamw_bnb_8bit: states("two", 8),
  paged_adamw_32bit: states("two", 32, true),
  paged_adamw_8bit: states("two", 8, true),
  lion_32bit: states("one", 32),
  lion_8bit: states("one", 8),
  paged_lion_32bit: states("one", 32, true),
  paged_lion_8bit: states("one", 8, true),
  ademamix: states("fast_and_slow", 32),
  ademamix_8bit: states("fast_and_slow", 8),
  paged_ademamix_32bit: states("fast_and_slow", 32, true),
  paged_ademamix_8bit: states("fast_and_slow", 8, true),
  rmsprop_bnb: states("one", 32),
  rmsprop_bnb_32bit: states("one", 32),
  rmsprop_bnb_8bit: states("one", 8),
  adafactor: ({ parameters }) => adafactor(parameters),
  // Plain SGD with foreach kernels updates in place and keeps nothing.
  sgd: () => ({ step: () => undefined }),
};

export function createOptimizer(name: OptimizerName, trained: Trained): Optimizer {
  return OPTIMIZERS[name](trained);
}
