/** Which optimizer a setting names. */

import type { OptimizerName } from "../../settings/training.js";
import { adafactor } from "./adafactor.js";
import { bitsAndBytesAdamw } from "./adamw-bitsandbytes.js";
import { torchAdamw } from "./adamw-torch.js";
import type { Trained } from "../../load/trained.js";
import type { Optimizer } from "./optimizer.js";

const OPTIMIZERS: Readonly<Record<OptimizerName, (trained: Trained) => Optimizer>> = {
  adamw_torch: ({ parameters }) => torchAdamw(parameters, "foreach"),
  adamw_torch_fused: ({ parameters }) => torchAdamw(parameters, "fused"),
  adamw_8bit: (trained) => bitsAndBytesAdamw(trained, { bits: 8, paged: false }),
  adamw_bnb_8bit: (trained) => bitsAndBytesAdamw(trained, { bits: 8, paged: false }),
  paged_adamw_32bit: (trained) => bitsAndBytesAdamw(trained, { bits: 32, paged: true }),
  paged_adamw_8bit: (trained) => bitsAndBytesAdamw(trained, { bits: 8, paged: true }),
  adafactor: ({ parameters }) => adafactor(parameters),
  // Plain SGD with foreach kernels updates in place and keeps nothing.
  sgd: () => ({ step: () => undefined }),
};

export function createOptimizer(name: OptimizerName, trained: Trained): Optimizer {
  return OPTIMIZERS[name](trained);
}
