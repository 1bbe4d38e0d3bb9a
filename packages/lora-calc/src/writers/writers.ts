/** Every trainer whose file is written. */

import { AXOLOTL_WRITER } from "./axolotl.js";
import { LITGPT_WRITER } from "./litgpt.js";
import { LLAMA_FACTORY_WRITER } from "./llama-factory.js";
import { MLX_LM_WRITER } from "./mlx-lm.js";
import { MS_SWIFT_WRITER } from "./ms-swift.js";
import { TRL_PYTHON_WRITER } from "./trl-python.js";
import { TRL_WRITER } from "./trl.js";
import { UNSLOTH_WRITER } from "./unsloth-python.js";

export const WRITERS = {
  "trl-python": TRL_PYTHON_WRITER,
  "trl-yaml": TRL_WRITER,
  axolotl: AXOLOTL_WRITER,
  "llama-factory": LLAMA_FACTORY_WRITER,
  "ms-swift": MS_SWIFT_WRITER,
  litgpt: LITGPT_WRITER,
  "mlx-lm": MLX_LM_WRITER,
  unsloth: UNSLOTH_WRITER,
} as const;

export type TrainerFileFormat = keyof typeof WRITERS;
